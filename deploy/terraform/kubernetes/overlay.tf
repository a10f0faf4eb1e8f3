# What an overlay of your own would say, as values. main.tf gives it to kustomize; tests/deployment/test_terraform.py does
# so with these same values.

locals {
  manifests = "${path.module}/../../../k8s"

  ca_folder = "/etc/openhours/postgres-ca"

  settings = merge(
    {
      OPENHOURS_PUBLIC_URL      = "https://${var.host}"
      OPENHOURS_S3_ENDPOINT_URL = var.s3.endpoint_url
      OPENHOURS_S3_REGION       = var.s3.region
      OPENHOURS_S3_BUCKET       = var.s3.bucket
      # For the sizes of k8s/overlays/production.
      OPENHOURS_REPORT_MEMORY_LIMIT_MB = "2048"
    },
    var.s3.public_url == null ? {} : { OPENHOURS_S3_PUBLIC_URL = var.s3.public_url },
    var.settings,
  )

  egress = [
    for server in values(var.servers) : {
      to    = [for network in server.networks : { ipBlock = { cidr = network } }]
      ports = [{ protocol = "TCP", port = server.port }]
    }
  ]

  ingress_patch = [
    { op = "add", path = "/spec/rules/0/host", value = var.host },
    { op = "add", path = "/spec/tls", value = [{ hosts = [var.host], secretName = var.tls_secret }] },
    { op = "replace", path = "/spec/ingressClassName", value = var.ingress_class },
  ]

  # The first rule is that of Postgres and Redis; the second, public addresses by TLS, stays.
  servers_patch = concat(
    [{ op = "remove", path = "/spec/egress/0" }],
    [for rule in local.egress : { op = "add", path = "/spec/egress/-", value = rule }],
  )

  requests_patch = [
    {
      op    = "replace"
      path  = "/spec/ingress/0/from/0/namespaceSelector/matchLabels"
      value = { "kubernetes.io/metadata.name" = var.ingress_namespace }
    },
  ]

  service_account_patch = [{ op = "add", path = "/metadata/annotations", value = var.service_account_annotations }]

  # Another version of the Secret is another template, so that its pods are replaced.
  secret_patch = [
    {
      op    = "add"
      path  = "/spec/template/metadata/annotations"
      value = { "openhours/secret-version" = tostring(var.secret_version) }
    },
  ]

  ca_patch = [
    {
      op    = "add"
      path  = "/spec/template/spec/volumes/-"
      value = { name = "postgres-ca", configMap = { name = "openhours-postgres-ca" } }
    },
    {
      op    = "add"
      path  = "/spec/template/spec/containers/0/volumeMounts/-"
      value = { name = "postgres-ca", mountPath = local.ca_folder, readOnly = true }
    },
  ]

  workloads = "(Deployment|Job)"

  overlay = {
    resources  = ["${local.manifests}/base", "${local.manifests}/overlays/production/networkpolicies.yaml"]
    components = [for name in var.components : "${local.manifests}/components/${name}"]
    images     = { name = "openhours", new_name = var.image, new_tag = var.image_tag, digest = var.image_digest }

    config_maps = concat(
      [{
        name     = "openhours"
        behavior = "merge"
        literals = [for name in sort(keys(local.settings)) : "${name}=${local.settings[name]}"]
      }],
      var.postgres_ca == null ? [] : [{
        name     = "openhours-postgres-ca"
        behavior = "create"
        literals = ["ca.pem=${var.postgres_ca}"]
      }],
    )

    patches = concat(
      [
        { kind = "Ingress", name = null, patch = yamlencode(local.ingress_patch) },
        { kind = "NetworkPolicy", name = "openhours-servers", patch = yamlencode(local.servers_patch) },
        { kind = "NetworkPolicy", name = "openhours-requests", patch = yamlencode(local.requests_patch) },
        { kind = "ServiceAccount", name = "openhours", patch = yamlencode(local.service_account_patch) },
        { kind = local.workloads, name = null, patch = yamlencode(local.secret_patch) },
      ],
      var.postgres_ca == null ? [] : [{ kind = local.workloads, name = null, patch = yamlencode(local.ca_patch) }],
    )

    sizes = "${local.manifests}/overlays/production/sizes.yaml"
  }
}
