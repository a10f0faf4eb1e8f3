"""What leaves for receivers that people have named: webhooks and mail, one attempt at a time, and what came of it."""
