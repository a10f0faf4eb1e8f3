# ElastiCache has no AOF beside automatic failover. Openhours does without: Postgres decides, and what a lost Redis held
# is queued again from there; see docs/report-life.md.

resource "aws_elasticache_subnet_group" "redis" {
  name        = "${var.name}-redis"
  description = "Where Redis of ${var.name} is"
  subnet_ids  = var.subnet_ids
  tags        = var.tags
}

resource "aws_elasticache_parameter_group" "redis" {
  name        = "${var.name}-redis"
  description = "Redis of ${var.name}"
  family      = "valkey8"
  tags        = var.tags

  # A queue of which entries are dropped would be none.
  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

resource "aws_elasticache_replication_group" "redis" {
  # checkov:skip=CKV_AWS_31:There is a token, in auth_token_wo, which checkov does not know.
  replication_group_id = "${var.name}-redis"
  description          = "Queue and progress of ${var.name}"
  engine               = "valkey"
  engine_version       = "8.1"
  node_type            = var.redis_class
  num_cache_clusters   = var.redis_nodes
  tags                 = var.tags

  automatic_failover_enabled = true
  multi_az_enabled           = true
  auto_minor_version_upgrade = true
  parameter_group_name       = aws_elasticache_parameter_group.redis.name

  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.openhours.arn
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  auth_token_wo              = local.passwords.redis
  auth_token_wo_version      = var.passwords_version
  # The one before works on until the next change, so pods go on while they are replaced.
  auth_token_update_strategy = "ROTATE"

  port               = local.ports.redis
  subnet_group_name  = aws_elasticache_subnet_group.redis.name
  security_group_ids = [aws_security_group.servers["redis"].id]
}
