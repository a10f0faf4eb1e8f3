# Values that are used without being kept (ephemeral, write-only) came with 1.11 of both Terraform and OpenTofu. The
# provider kustomization builds the overlay and tracks each manifest, so that a plan shows what changes in the cluster.
terraform {
  required_version = ">= 1.11.0, < 2.0.0"

  required_providers {
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.38.0, < 4.0.0"
    }
    kustomization = {
      source  = "kbst/kustomization"
      version = "~> 0.9.6"
    }
  }
}
