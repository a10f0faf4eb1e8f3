output "url" {
  description = "Address at which users reach the service."
  value       = "https://${var.host}"
}

output "namespace" {
  description = "Namespace of everything: for kubectl."
  value       = kubernetes_secret_v1.openhours.metadata[0].namespace
}

output "settings" {
  description = "Settings of the pods, as they differ from k8s/base."
  value       = local.settings
}
