# Passwords are made here, written into Secrets Manager, and read from there whenever they are needed. They are in no
# state and no plan: all of it is ephemeral or write-only.

ephemeral "random_password" "postgres" {
  length  = 40
  special = false # it becomes part of an address
}

ephemeral "random_password" "redis" {
  length  = 40
  special = false
}

ephemeral "random_password" "secret_key" {
  length  = 64
  special = false
}

resource "aws_secretsmanager_secret" "passwords" {
  # checkov:skip=CKV2_AWS_57:New passwords need new pods, so they come with an apply: raise passwords_version.
  name        = "${var.name}/passwords"
  description = "Passwords of Postgres and Redis of ${var.name}"
  kms_key_id  = aws_kms_key.openhours.arn
  tags        = var.tags
}

resource "aws_secretsmanager_secret_version" "passwords" {
  secret_id = aws_secretsmanager_secret.passwords.id
  secret_string_wo = jsonencode({
    postgres = ephemeral.random_password.postgres.result
    redis    = ephemeral.random_password.redis.result
  })
  secret_string_wo_version = var.passwords_version
}

# By itself, because it stays when passwords change: second factors and tokens of sources depend on it.
resource "aws_secretsmanager_secret" "secret_key" {
  # checkov:skip=CKV2_AWS_57:Second factors are derived from it: it is replaced by hand, new key first; see docs/settings.md.
  name        = "${var.name}/secret-key"
  description = "OPENHOURS_SECRET_KEY of ${var.name}"
  kms_key_id  = aws_kms_key.openhours.arn
  tags        = var.tags
}

resource "aws_secretsmanager_secret_version" "secret_key" {
  secret_id                = aws_secretsmanager_secret.secret_key.id
  secret_string_wo         = ephemeral.random_password.secret_key.result
  secret_string_wo_version = 1
}

# By the version that was written, so that Postgres and Redis get what the secret has.
ephemeral "aws_secretsmanager_secret_version" "passwords" {
  secret_id  = aws_secretsmanager_secret_version.passwords.secret_id
  version_id = aws_secretsmanager_secret_version.passwords.version_id
}

ephemeral "aws_secretsmanager_secret_version" "secret_key" {
  secret_id = aws_secretsmanager_secret_version.secret_key.secret_id
}

locals {
  passwords = jsondecode(ephemeral.aws_secretsmanager_secret_version.passwords.secret_string)
}
