"""PostgreSQL, Redis and an S3 endpoint from wheels, for a laptop."""
