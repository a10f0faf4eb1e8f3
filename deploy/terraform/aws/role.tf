# Pods take this role by their service account (IRSA), so there are no keys. What they sign links with ends within an
# hour and is renewed ten minutes before: a link of the usual five minutes lasts five minutes, and each poll makes new ones.

locals {
  # As k8s/base has them.
  service_account = "system:serviceaccount:openhours:openhours"
  oidc_issuer     = split(":oidc-provider/", var.oidc_provider_arn)[1]

  # Made up from names, so that it is known before the role is.
  role_arn = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${var.name}"

  # What app/storage/object_store.py asks of S3, and no more: it does not make buckets where there is one.
  bucket_actions = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
  object_actions = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
}

resource "aws_iam_role" "openhours" {
  name        = var.name
  description = "Pods of ${var.name}: its bucket"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Federated = var.oidc_provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${local.oidc_issuer}:aud" = "sts.amazonaws.com"
            "${local.oidc_issuer}:sub" = local.service_account
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "openhours" {
  name = "bucket"
  role = aws_iam_role.openhours.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Bucket"
        Effect   = "Allow"
        Action   = local.bucket_actions
        Resource = aws_s3_bucket.openhours.arn
      },
      {
        Sid      = "Objects"
        Effect   = "Allow"
        Action   = local.object_actions
        Resource = "${aws_s3_bucket.openhours.arn}/*"
      },
      {
        Sid       = "KeyOfTheBucket"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = aws_kms_key.openhours.arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${data.aws_region.current.region}.amazonaws.com" } }
      },
    ]
  })
}
