# An EKS cluster that is there already, and everything else made for it.

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
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.38.0, < 4.0.0"
    }
    kustomization = {
      source  = "kbst/kustomization"
      version = "~> 0.9.6"
    }
  }

  # The state has no passwords, but it says what is where: a bucket that only those who apply may read. Its name and
  # region come with -backend-config.
  backend "s3" {
    key          = "openhours.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

variable "region" {
  description = "Region of the cluster."
  type        = string
}

variable "cluster" {
  description = "Name of the EKS cluster."
  type        = string
}

variable "oidc_provider_arn" {
  description = "IAM OIDC provider of the cluster."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets for Postgres and Redis, in two availability zones or more."
  type        = list(string)
}

variable "bucket" {
  description = "Name of the bucket to make."
  type        = string
}

variable "image" {
  description = "Image that you have built and pushed, without a tag."
  type        = string
}

variable "image_digest" {
  description = "Digest of that image, sha256:…."
  type        = string
}

variable "host" {
  description = "Host at which users reach the service."
  type        = string
}

variable "postgres_ca" {
  description = "File with the certificates of RDS in this region; docs/infrastructure.md says where they are published."
  type        = string
  default     = "rds-ca.pem"
}

provider "aws" {
  region = var.region
}

data "aws_eks_cluster" "this" {
  name = var.cluster
}

locals {
  cluster_ca = data.aws_eks_cluster.this.certificate_authority[0].data
  get_token  = ["eks", "get-token", "--region", var.region, "--cluster-name", var.cluster]
}

provider "kubernetes" {
  host                   = data.aws_eks_cluster.this.endpoint
  cluster_ca_certificate = base64decode(local.cluster_ca)

  exec {
    api_version = "client.authentication.k8s.io/v1"
    command     = "aws"
    args        = local.get_token
  }
}

provider "kustomization" {
  kubeconfig_raw = yamlencode({
    apiVersion      = "v1"
    kind            = "Config"
    current-context = "eks"
    clusters = [{
      name    = "eks"
      cluster = { server = data.aws_eks_cluster.this.endpoint, certificate-authority-data = local.cluster_ca }
    }]
    contexts = [{ name = "eks", context = { cluster = "eks", user = "eks" } }]
    users = [{
      name = "eks"
      user = {
        exec = {
          apiVersion      = "client.authentication.k8s.io/v1"
          command         = "aws"
          args            = local.get_token
          interactiveMode = "Never"
        }
      }
    }]
  })
}

module "aws" {
  source = "../../aws"

  bucket                    = var.bucket
  vpc_id                    = data.aws_eks_cluster.this.vpc_config[0].vpc_id
  subnet_ids                = var.subnet_ids
  client_security_group_ids = { nodes = data.aws_eks_cluster.this.vpc_config[0].cluster_security_group_id }
  oidc_provider_arn         = var.oidc_provider_arn
}

module "kubernetes" {
  source = "../../kubernetes"

  image        = var.image
  image_digest = var.image_digest
  host         = var.host

  s3                          = module.aws.s3
  servers                     = module.aws.servers
  secret_version              = module.aws.passwords_version
  service_account_annotations = module.aws.service_account_annotations
  postgres_ca                 = file(var.postgres_ca)

  secret = {
    OPENHOURS_DATABASE_URL = module.aws.database_url
    OPENHOURS_REDIS_URL    = module.aws.redis_url
    OPENHOURS_SECRET_KEY   = module.aws.secret_key
  }
}

output "url" {
  description = "Address at which users reach the service."
  value       = module.kubernetes.url
}
