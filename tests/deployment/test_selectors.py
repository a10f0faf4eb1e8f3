"""What refers to something in the manifests finds it."""

from app.storage.resources import Resources
from app.web.application import create_app
from tests.deployment.manifests import (
    Manifest,
    containers,
    deployment,
    name_of,
    of_kind,
    ours,
    pod,
    pod_labels,
    selects,
    workloads,
)

#: Routes that are not for users: probes, metrics, and one that lies below the metrics, to which a path would lead, too.
INSIDE = {"/livez", "/readyz", "/metrics", "/metrics/{plugin}"}

#: The API page, which is not in the OpenAPI itself, and what it loads.
PAGES = {"/invite", "/docs", "/redoc", "/openapi.json", "/static-offline-docs/swagger-ui.css"}


def found_by(selector: Manifest, manifests: list[Manifest]) -> list[str]:
    return [name_of(one) for one in workloads(manifests) if selects(selector, pod_labels(one))]


def ports(workload: Manifest) -> set[object]:
    listed = [port for container in containers(workload) for port in container.get("ports", [])]
    return {port["name"] for port in listed} | {port["containerPort"] for port in listed}


def test_every_service_finds_one_workload_that_has_its_ports(extended: list[Manifest]) -> None:
    by_name = {name_of(one): one for one in workloads(extended)}
    for service in of_kind(extended, "Service"):
        (found,) = found_by(service["spec"]["selector"], extended)
        assert found == name_of(service)
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports(by_name[found])


def test_every_workload_finds_its_own_pods_only(overlay: list[Manifest]) -> None:
    for workload in of_kind(overlay, "Deployment", "StatefulSet"):
        assert found_by(workload["spec"]["selector"], overlay) == [name_of(workload)]


def test_each_role_has_a_disruption_budget_and_an_autoscaler(overlay: list[Manifest]) -> None:
    roles = {"openhours-api", "openhours-worker"}
    budgets = of_kind(overlay, "PodDisruptionBudget")
    assert {name for one in budgets for name in found_by(one["spec"]["selector"], overlay)} == roles
    assert len(budgets) == len(roles)
    scalers = of_kind(overlay, "HorizontalPodAutoscaler")
    assert {one["spec"]["scaleTargetRef"]["name"] for one in scalers} == roles
    for one in scalers:
        assert one["spec"]["scaleTargetRef"]["kind"] == "Deployment"
        assert 2 <= one["spec"]["minReplicas"] < one["spec"]["maxReplicas"]
        assert "cpu" in {metric.get("resource", {}).get("name") for metric in one["spec"]["metrics"]}


def test_replicas_are_spread_over_zones_and_nodes(overlay: list[Manifest]) -> None:
    for role in ("api", "worker"):
        constraints = pod(deployment(overlay, role))["topologySpreadConstraints"]
        assert len({one["topologyKey"] for one in constraints}) == 2
        for one in constraints:
            assert found_by(one["labelSelector"], overlay) == [f"openhours-{role}"]


def test_every_pod_is_closed_unless_a_policy_opens_it(overlay: list[Manifest]) -> None:
    (closed,) = (one for one in of_kind(overlay, "NetworkPolicy") if name_of(one) == "openhours-nothing")
    assert closed["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & set(closed["spec"])
    assert found_by(closed["spec"]["podSelector"], overlay) == [name_of(one) for one in workloads(overlay)]


def test_every_network_policy_is_about_pods_and_ports_that_there_are(overlay: list[Manifest]) -> None:
    by_name = {name_of(one): one for one in workloads(overlay)}
    for policy in of_kind(overlay, "NetworkPolicy"):
        found = found_by(policy["spec"]["podSelector"], overlay)
        assert found, name_of(policy)
        known = set().union(*(ports(by_name[name]) for name in found))
        for rule in policy["spec"].get("ingress", []):
            assert {port["port"] for port in rule["ports"]} <= known


def test_ours_may_go_to_postgres_redis_s3_and_the_name_server(overlay: list[Manifest]) -> None:
    for workload in ours(overlay):
        allowed = {
            port["port"]
            for policy in of_kind(overlay, "NetworkPolicy")
            for rule in policy["spec"].get("egress", [])
            for port in rule["ports"]
            if selects(policy["spec"]["podSelector"], pod_labels(workload))
        }
        assert {53, 5432, 6379} < allowed
        assert allowed & {443, 9000}


def test_the_metrics_are_open_to_monitoring_and_requests_to_the_ingress_controller(overlay: list[Manifest]) -> None:
    policies = {name_of(one): one["spec"] for one in of_kind(overlay, "NetworkPolicy")}
    assert found_by(policies["openhours-metrics"]["podSelector"], overlay) == ["openhours-api", "openhours-worker"]
    assert found_by(policies["openhours-requests"]["podSelector"], overlay) == ["openhours-api"]


def test_the_service_monitor_finds_the_services_of_both_roles(extended: list[Manifest]) -> None:
    (monitor,) = of_kind(extended, "ServiceMonitor")
    services = [
        one
        for one in of_kind(extended, "Service")
        if selects(monitor["spec"]["selector"], one["metadata"].get("labels", {}))
    ]
    assert {name_of(one) for one in services} == {"openhours-api", "openhours-worker"}
    named = {port["name"] for one in services for port in one["spec"]["ports"]}
    assert {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]} == named
    key = {"type": "Bearer", "credentials": {"name": "openhours-metrics", "key": "key"}}
    assert [endpoint["authorization"] for endpoint in monitor["spec"]["endpoints"]] == [key, key]


def test_workers_may_be_scaled_by_the_queue_beside_processor_time(extended: list[Manifest]) -> None:
    (scaler,) = (one for one in of_kind(extended, "HorizontalPodAutoscaler") if name_of(one) == "openhours-worker")
    assert [metric["type"] for metric in scaler["spec"]["metrics"]] == ["Resource", "External"]
    assert scaler["spec"]["metrics"][1]["external"]["metric"]["name"] == "openhours_reports_queued"


def test_the_ingress_leads_the_routes_for_users_to_the_api_and_no_other(
    overlay: list[Manifest], loaded: Resources
) -> None:
    paths = [
        path
        for ingress in of_kind(overlay, "Ingress")
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    ]
    assert {path["backend"]["service"]["name"] for path in paths} == {"openhours-api"}

    def leads(route: str) -> bool:
        return any(
            route == one["path"] or (one["pathType"] == "Prefix" and route.startswith(f"{one['path']}/"))
            for one in paths
        )

    routes = {*create_app(loaded, slots=0).openapi()["paths"], *PAGES, *INSIDE}
    assert {route for route in routes if leads(route)} == routes - INSIDE
