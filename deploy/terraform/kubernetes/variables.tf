variable "image" {
  description = "Image, with its registry and without a tag, such as registry.example.com/openhours."
  type        = string
}

variable "image_tag" {
  description = "Tag of the image: the version."
  type        = string
  default     = "0.1.0"
}

variable "image_digest" {
  description = "Digest of the image, sha256:…, which nobody can put another image under; see docs/releasing.md. Unset: the tag counts."
  type        = string
  default     = null

  validation {
    condition     = var.image_digest == null || can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "It is not a digest such as sha256:…, with 64 hexadecimal digits."
  }
}

variable "host" {
  description = "Host of the Ingress, at which users reach the service by https."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+([.][a-z0-9-]+)+$", var.host))
    error_message = "It is ${var.host}, not the name of a host such as openhours.example.com."
  }
}

variable "ingress_class" {
  description = "Class of the Ingress; the annotations in k8s/base are those of controllers that are nginx."
  type        = string
  default     = "nginx"
}

variable "ingress_namespace" {
  description = "Namespace of the Ingress controller, from which alone requests may come."
  type        = string
  default     = "ingress-nginx"
}

variable "tls_secret" {
  description = "Secret in the namespace with the certificate of the host, which you or cert-manager make."
  type        = string
  default     = "openhours-tls"
}

variable "s3" {
  description = "Address, region and name of the bucket; public_url if users reach S3 at another address."
  type = object({
    endpoint_url = string
    region       = string
    bucket       = string
    public_url   = optional(string)
  })
}

variable "servers" {
  description = "Networks and ports that the pods may connect to, by the name of the server: Postgres, Redis, and S3 if its address is private. Public addresses are reached on 443 in any case."
  type        = map(object({ networks = list(string), port = number }))

  validation {
    condition     = alltrue([for server in values(var.servers) : alltrue([for network in server.networks : can(cidrnetmask(network)) && !endswith(network, "/0")])])
    error_message = "A network is none, such as 10.20.0.0/16, or it is the whole world."
  }

  validation {
    condition     = length(setsubtract(["postgres", "redis"], keys(var.servers))) == 0
    error_message = "There are ${join(", ", keys(var.servers))}; postgres and redis are needed, because pods reach nothing that is not named."
  }
}

variable "secret" {
  description = "Content of the Secret: OPENHOURS_DATABASE_URL, OPENHOURS_REDIS_URL, OPENHOURS_SECRET_KEY and, without a role, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Kept in no state."
  type        = map(string)
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = length(setsubtract(["OPENHOURS_DATABASE_URL", "OPENHOURS_REDIS_URL"], keys(var.secret))) == 0
    error_message = "OPENHOURS_DATABASE_URL and OPENHOURS_REDIS_URL are needed."
  }
}

variable "secret_version" {
  description = "Raise it by one when the content of the Secret has changed: it is written, and the pods are replaced."
  type        = number
  default     = 1
}

variable "service_account_annotations" {
  description = "Annotations of the service account, by which a cloud gives it a role for the bucket."
  type        = map(string)
  default     = {}
}

variable "postgres_ca" {
  description = "Certificates of the authority by which Postgres is known, PEM; in the pods they are /etc/openhours/postgres-ca/ca.pem. Unset: none are mounted."
  type        = string
  default     = null
}

variable "settings" {
  description = "Further settings, such as { OPENHOURS_RETENTION_DAYS = \"90\" }; docs/settings.md has them all."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : startswith(name, "OPENHOURS_")])
    error_message = "A name does not begin with OPENHOURS_: ${join(", ", keys(var.settings))}."
  }
}

variable "components" {
  description = "Components of k8s/components that are wanted, such as servicemonitor."
  type        = list(string)
  default     = []
}

variable "rollout_minutes" {
  description = "How long an apply waits for the pods to be ready, minutes; they wait for the migration."
  type        = number
  default     = 15
}
