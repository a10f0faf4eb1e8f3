# By themselves, because an output is ephemeral as a whole or not at all: not an object of ephemeral texts.

output "database_url" {
  description = "Value of OPENHOURS_DATABASE_URL for the pods, with the password. Kept nowhere."
  sensitive   = true
  ephemeral   = true
  value = join("", [
    "postgresql://openhours:${local.passwords.postgres}@${aws_db_instance.postgres.endpoint}/openhours",
    "?sslmode=verify-full&sslrootcert=${var.postgres_ca_file}",
  ])

  # Whoever has it finds the bucket closed, encrypted, and open to the role.
  depends_on = [
    aws_iam_role_policy.openhours,
    aws_s3_bucket_policy.openhours,
    aws_s3_bucket_server_side_encryption_configuration.openhours,
    aws_s3_bucket_versioning.openhours,
  ]
}

output "redis_url" {
  description = "Value of OPENHOURS_REDIS_URL for the pods, with the password. Kept nowhere."
  sensitive   = true
  ephemeral   = true
  value       = "rediss://:${local.passwords.redis}@${aws_elasticache_replication_group.redis.primary_endpoint_address}:${local.ports.redis}/0"
}

output "secret_key" {
  description = "Value of OPENHOURS_SECRET_KEY for the pods. Kept nowhere."
  sensitive   = true
  ephemeral   = true
  value       = ephemeral.aws_secretsmanager_secret_version.secret_key.secret_string
}

# The next three are known before anything is made: a plan of the manifests needs them.

output "s3" {
  description = "Address, region and name of the bucket, as the module for Kubernetes takes them."
  value = {
    endpoint_url = "https://s3.${data.aws_region.current.region}.amazonaws.com"
    region       = data.aws_region.current.region
    bucket       = var.bucket
  }
}

output "servers" {
  description = "Networks and ports of Postgres and Redis, for the network policies."
  value = {
    for server, port in local.ports : server => {
      networks = sort([for subnet in data.aws_subnet.servers : subnet.cidr_block])
      port     = port
    }
  }
}

output "service_account_annotations" {
  description = "Annotations that give the service account its role."
  value       = { "eks.amazonaws.com/role-arn" = local.role_arn }
}

output "passwords_version" {
  description = "Number of the passwords: the Secret in the cluster is written again when it changes."
  value       = var.passwords_version
}

output "kms_key_arn" {
  description = "Key that encrypts everything: whoever restores a backup needs it."
  value       = aws_kms_key.openhours.arn
}
