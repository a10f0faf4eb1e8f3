"""The life of a report: Postgres decides, Redis dispatches, S3 keeps."""
