"""The engine that runs jobs: Postgres decides, Redis wakes workers, S3 keeps artifacts."""
