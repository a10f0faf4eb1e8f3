"""Report kinds: their parameters, what they read, compute and write."""
