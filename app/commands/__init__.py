"""The commands, grouped by subject; cli.py assembles them."""
