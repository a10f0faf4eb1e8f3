# Values that are used without being kept (ephemeral, write-only) came with 1.11 of both Terraform and OpenTofu; the
# write-only token of ElastiCache came with the provider's releases of autumn 2026.
terraform {
  required_version = ">= 1.11.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.66"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
  }
}
