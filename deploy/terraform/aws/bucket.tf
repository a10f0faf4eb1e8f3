# The service removes reports and uploads itself when their time is over: no rule here expires anything that counts.

resource "aws_s3_bucket" "openhours" {
  # checkov:skip=CKV_AWS_18:The service logs each request and audits each link; S3's own log needs a second bucket, which is yours to choose.
  # checkov:skip=CKV_AWS_144:A copy in another region is your decision and costs as much again; docs/operations.md has backups.
  # checkov:skip=CKV2_AWS_62:Nobody waits for events of the bucket.
  bucket = var.bucket
  tags   = var.tags
}

resource "aws_s3_bucket_public_access_block" "openhours" {
  bucket                  = aws_s3_bucket.openhours.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "openhours" {
  bucket = aws_s3_bucket.openhours.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "openhours" {
  bucket = aws_s3_bucket.openhours.id

  rule {
    # Without a key of the bucket each request for an object would be one to KMS, too.
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.openhours.arn
    }
  }
}

# On, because the bucket has the only copy of the polls of sealed weeks, and of files as they came: what is removed or
# overwritten by mistake can be brought back for some days.
resource "aws_s3_bucket_versioning" "openhours" {
  bucket = aws_s3_bucket.openhours.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "openhours" {
  bucket = aws_s3_bucket.openhours.id

  rule {
    id     = "unfinished-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = var.unfinished_upload_days
    }
  }

  rule {
    id     = "removed-objects"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.undelete_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  # Rules about versions are refused before there are any.
  depends_on = [aws_s3_bucket_versioning.openhours]
}

resource "aws_s3_bucket_policy" "openhours" {
  bucket = aws_s3_bucket.openhours.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyByTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.openhours.arn, "${aws_s3_bucket.openhours.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.openhours]
}
