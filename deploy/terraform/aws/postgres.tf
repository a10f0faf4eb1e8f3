resource "aws_db_subnet_group" "postgres" {
  name        = "${var.name}-postgres"
  description = "Where Postgres of ${var.name} is"
  subnet_ids  = var.subnet_ids
  tags        = var.tags
}

resource "aws_db_parameter_group" "postgres" {
  name_prefix = "${var.name}-postgres-"
  description = "Postgres of ${var.name}"
  family      = "postgres${var.postgres_version}"
  tags        = var.tags

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # The default is too few for the most replicas that k8s/overlays/production has.
  parameter {
    name         = "max_connections"
    value        = tostring(var.postgres_connections)
    apply_method = "pending-reboot"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "postgres" {
  # checkov:skip=CKV_AWS_161:The service logs in by a password; tokens of IAM last 15 minutes, and the pools of connections know none.
  # checkov:skip=CKV_AWS_118:Database Insights shows what the service waits for, without another role.
  # checkov:skip=CKV2_AWS_30:Statements have data in them, so none are logged; the metrics of the service say what is slow.
  identifier     = "${var.name}-postgres"
  engine         = "postgres"
  engine_version = tostring(var.postgres_version)
  instance_class = var.postgres_class
  tags           = var.tags

  allocated_storage     = var.postgres_storage_gb.start
  max_allocated_storage = var.postgres_storage_gb.most
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.openhours.arn

  # The owner of its database; on RDS that is not a superuser.
  db_name             = "openhours"
  username            = "openhours"
  password_wo         = local.passwords.postgres
  password_wo_version = var.passwords_version

  port                   = local.ports.postgres
  db_subnet_group_name   = aws_db_subnet_group.postgres.name
  vpc_security_group_ids = [aws_security_group.servers["postgres"].id]
  publicly_accessible    = false
  multi_az               = true
  parameter_group_name   = aws_db_parameter_group.postgres.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period   = var.postgres_backup_days
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-postgres-final"

  auto_minor_version_upgrade      = true
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.openhours.arn
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
}
