# Postgres and Redis take connections of the named security groups, and of nobody else. They begin none themselves.

data "aws_subnet" "servers" {
  for_each = toset(var.subnet_ids)

  id = each.value
}

locals {
  ports = { postgres = 5432, redis = 6379 }
}

resource "aws_security_group" "servers" {
  for_each = local.ports

  name        = "${var.name}-${each.key}"
  description = "Who reaches ${each.key} of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "servers" {
  for_each = {
    for pair in setproduct(keys(local.ports), keys(var.client_security_group_ids)) :
    "${pair[0]}-${pair[1]}" => { server = pair[0], client = pair[1] }
  }

  security_group_id            = aws_security_group.servers[each.value.server].id
  description                  = "${each.value.client} to ${each.value.server}"
  referenced_security_group_id = var.client_security_group_ids[each.value.client]
  ip_protocol                  = "tcp"
  from_port                    = local.ports[each.value.server]
  to_port                      = local.ports[each.value.server]
}
