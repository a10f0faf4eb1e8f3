"""The kinds of rules, a file each; see registry.py."""
