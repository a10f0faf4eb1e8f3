data "kustomization_overlay" "openhours" {
  resources  = local.overlay.resources
  components = local.overlay.components

  # The files are those of this repository, beside the folder in which the command runs.
  kustomize_options {
    load_restrictor = "none"
  }

  images {
    name     = local.overlay.images.name
    new_name = local.overlay.images.new_name
    new_tag  = local.overlay.images.new_tag
    digest   = local.overlay.images.digest
  }

  dynamic "config_map_generator" {
    for_each = local.overlay.config_maps

    content {
      name      = config_map_generator.value.name
      namespace = "openhours"
      behavior  = config_map_generator.value.behavior
      literals  = config_map_generator.value.literals
    }
  }

  patches {
    path = local.overlay.sizes
  }

  dynamic "patches" {
    for_each = local.overlay.patches

    content {
      patch = patches.value.patch

      target {
        kind = patches.value.kind
        name = patches.value.name
      }
    }
  }
}

# Which manifests there are has to be known when a plan is made, so no value of the overlay may come from what the same
# apply makes: an address that is made up from names is fine.

# First the namespace, then the Secret in it, then what needs both.
resource "kustomization_resource" "namespace" {
  for_each = data.kustomization_overlay.openhours.ids_prio[0]

  manifest = data.kustomization_overlay.openhours.manifests[each.value]
}

resource "kubernetes_secret_v1" "openhours" {
  metadata {
    name      = "openhours"
    namespace = "openhours"
  }

  data_wo          = var.secret
  data_wo_revision = var.secret_version

  depends_on = [kustomization_resource.namespace]
}

# A job is immutable: the one that migrates is replaced when its image or its settings change.
resource "kustomization_resource" "openhours" {
  for_each = data.kustomization_overlay.openhours.ids_prio[1]

  manifest = data.kustomization_overlay.openhours.manifests[each.value]
  wait     = true

  timeouts {
    create = "${var.rollout_minutes}m"
    update = "${var.rollout_minutes}m"
  }

  depends_on = [kubernetes_secret_v1.openhours]
}
