"""Uploads straight into S3: by tus 1.0, which can be resumed, or as one plain body."""
