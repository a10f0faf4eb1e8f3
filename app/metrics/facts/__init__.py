"""What metrics can be of: one file per table of facts."""
