variable "name" {
  description = "Name of the installation: the beginning of the names of everything that is made."
  type        = string
  default     = "openhours"

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9])+$", var.name)) && length(var.name) >= 3 && length(var.name) <= 32
    error_message = "The name is ${var.name}; it must have 3 to 32 lower-case letters and digits, a letter first, and single hyphens between them."
  }
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
}

variable "bucket" {
  description = "Name of the bucket, which no other account in the world has; no other installation may use it."
  type        = string
}

variable "undelete_days" {
  description = "Days for which an object that was removed or overwritten can be brought back."
  type        = number
  default     = 30
}

variable "unfinished_upload_days" {
  description = "Days after which parts of an upload that never ended are removed; longer than any upload may take."
  type        = number
  default     = 7
}

variable "vpc_id" {
  description = "VPC of the cluster; Postgres and Redis are reached in it only."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets for Postgres and Redis, in two availability zones or more."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "There are ${length(var.subnet_ids)} subnets; RDS needs two or more, in different availability zones."
  }
}

variable "client_security_group_ids" {
  description = "Security groups whose members may connect to Postgres and Redis, by name: those of the nodes, or of the pods."
  type        = map(string)

  validation {
    condition     = length(var.client_security_group_ids) > 0
    error_message = "There is none, so nobody would reach Postgres and Redis: name the security group of the nodes."
  }
}

variable "oidc_provider_arn" {
  description = "IAM OIDC provider of the EKS cluster, by which its service accounts take roles."
  type        = string

  validation {
    condition     = can(regex(":oidc-provider/.+", var.oidc_provider_arn))
    error_message = "It is ${var.oidc_provider_arn}, not the ARN of an OIDC provider, such as arn:aws:iam::1:oidc-provider/oidc.eks.…."
  }
}

variable "postgres_version" {
  description = "Major version of PostgreSQL: 15 or later; minor versions come by themselves."
  type        = number
  default     = 18

  validation {
    condition     = var.postgres_version >= 15
    error_message = "It is ${var.postgres_version}; Openhours needs PostgreSQL 15 or later."
  }
}

variable "postgres_class" {
  description = "Instance class of Postgres."
  type        = string
  default     = "db.m7g.large"
}

variable "postgres_storage_gb" {
  description = "Storage of Postgres at the start and at most, GB; it grows by itself in between."
  type        = object({ start = number, most = number })
  default     = { start = 50, most = 500 }
}

variable "postgres_connections" {
  description = "Connections that Postgres accepts: 20 for each API replica and 34 for each worker of two slots, at their most."
  type        = number
  default     = 1000
}

variable "postgres_backup_days" {
  description = "Days to any second of which Postgres can be restored."
  type        = number
  default     = 14

  validation {
    condition     = var.postgres_backup_days >= 1 && var.postgres_backup_days <= 35
    error_message = "It is ${var.postgres_backup_days}; RDS keeps backups for 1 to 35 days."
  }
}

variable "postgres_ca_file" {
  description = "File in the pods with the certificate authority of RDS; where the module for Kubernetes mounts it."
  type        = string
  default     = "/etc/openhours/postgres-ca/ca.pem"
}

variable "deletion_protection" {
  description = "Whether Postgres refuses to be deleted; set it to false and apply, before you destroy everything."
  type        = bool
  default     = true
}

variable "redis_class" {
  description = "Node type of Redis."
  type        = string
  default     = "cache.t4g.small"
}

variable "redis_nodes" {
  description = "Nodes of Redis: one, and another to take over from it."
  type        = number
  default     = 2

  validation {
    condition     = var.redis_nodes >= 2
    error_message = "There are ${var.redis_nodes}; two or more are needed for one to take over."
  }
}

variable "passwords_version" {
  description = "Raise it by one for new passwords of Postgres and Redis."
  type        = number
  default     = 1
}
