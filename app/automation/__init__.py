"""What follows from what happened: who is told, and which report begins."""
