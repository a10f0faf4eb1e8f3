"""Pull-request flow: how long pull requests waited, in which state they were, and statistics per team."""
