"""Sealed weeks: polls that no load touches any more, as Parquet in S3 instead of a partition in Postgres."""
