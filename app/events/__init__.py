"""What has happened, written down in the transaction in which it happens."""
