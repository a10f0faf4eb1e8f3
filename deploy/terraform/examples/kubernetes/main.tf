# Any Kubernetes, with a Postgres, a Redis and a bucket of your own.

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

variable "kubeconfig" {
  description = "Path of the kubeconfig; its current context is the cluster."
  type        = string
  default     = "~/.kube/config"
}

variable "secret" {
  description = "Content of the Secret: set TF_VAR_secret, so that it is in no file."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}

provider "kubernetes" {
  config_path = var.kubeconfig
}

provider "kustomization" {
  kubeconfig_path = pathexpand(var.kubeconfig)
}

module "openhours" {
  source = "../../kubernetes"

  image = "registry.example.com/openhours"
  host  = "openhours.example.com"

  s3 = {
    endpoint_url = "https://s3.example.com"
    region       = "us-east-1"
    bucket       = "openhours"
  }

  servers = {
    postgres = { networks = ["10.20.0.10/32"], port = 5432 }
    redis    = { networks = ["10.20.0.11/32"], port = 6379 }
  }

  secret = var.secret
}

output "url" {
  description = "Address at which users reach the service."
  value       = module.openhours.url
}
