"""The component cluster, standing in each overlay: who reaches whom, with which image, certificate and secrets."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.deployment.manifests import (
    K8S,
    OVERLAYS,
    Manifest,
    containers,
    deployment,
    mebibytes,
    name_of,
    of_kind,
    pod,
    pod_labels,
    render,
    selects,
    workloads,
)
from tests.deployment.test_environment import OTHERS, SETTINGS
from tests.deployment.test_pods import PROGRAM_MEBIBYTES
from tests.deployment.test_schemas import accepted

ROLES = ("dask-scheduler", "dask-worker")

TLS = "/etc/openhours/dask-tls"

#: What may connect to what, and where.
WAYS = {
    ("openhours-worker", "openhours-dask-scheduler", 8786),
    ("openhours-dask-worker", "openhours-dask-scheduler", 8786),
    ("openhours-dask-scheduler", "openhours-dask-worker", 8788),
}


@pytest.fixture(scope="module", params=OVERLAYS)
def clustered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    """An overlay with the component in it: on top of it, the overlay's image would not be that of the component."""
    k8s = shutil.copytree(K8S, tmp_path_factory.mktemp("k8s").resolve() / "k8s")
    kustomization = k8s / "overlays" / request.param / "kustomization.yaml"
    content = yaml.safe_load(kustomization.read_text(encoding="utf-8"))
    kustomization.write_text(yaml.safe_dump({**content, "components": ["../../components/cluster"]}))
    return render(Path(kustomization.parent))


def test_it_is_valid(clustered: list[Manifest]) -> None:
    for manifest in clustered:
        accepted(manifest)


def test_all_have_the_same_image(clustered: list[Manifest]) -> None:
    images = {pod(deployment(clustered, role))["containers"][0]["image"] for role in (*ROLES, "worker", "api")}
    assert len(images) == 1
    assert images.pop().rpartition(":")[2][0].isdigit()


def test_each_is_contained_limited_and_probed(clustered: list[Manifest]) -> None:
    api = deployment(clustered, "api")
    for role in ROLES:
        found = deployment(clustered, role)
        (container,) = containers(found)
        assert pod(found)["securityContext"] == pod(api)["securityContext"]
        assert container["securityContext"] == pod(api)["containers"][0]["securityContext"]
        assert pod(found)["automountServiceAccountToken"] is pod(found)["enableServiceLinks"] is False
        assert all(set(container["resources"][bound]) == {"cpu", "memory"} for bound in ("requests", "limits"))
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]["httpGet"] == {"path": "/health", "port": "health"}
        assert {"dask", "health"} == set(ports)
    worker = pod(deployment(clustered, "dask-worker"))["containers"][0]
    assert worker["args"] == ["dask-worker", "--port", "8788", "--health-port", "8789"]
    assert {port["containerPort"] for port in worker["ports"]} == {8788, 8789}
    assert pod(deployment(clustered, "dask-scheduler"))["containers"][0]["args"] == ["dask-scheduler"]


def test_there_is_one_scheduler_and_never_two(clustered: list[Manifest]) -> None:
    spec = deployment(clustered, "dask-scheduler")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_the_memory_of_a_worker_holds_a_piece(clustered: list[Manifest]) -> None:
    (container,) = containers(deployment(clustered, "dask-worker"))
    piece = {one["name"]: one.get("value") for one in container["env"]}["OPENHOURS_REPORT_MEMORY_LIMIT_MB"]
    assert mebibytes(container["resources"]["limits"]["memory"]) >= int(str(piece)) + PROGRAM_MEBIBYTES


def test_both_sides_have_certificates_from_one_secret(clustered: list[Manifest]) -> None:
    (found,) = (one for one in of_kind(clustered, "ConfigMap") if name_of(one).startswith("openhours-dask-"))
    assert set(found["data"]) <= SETTINGS
    files = {value for name, value in found["data"].items() if name.endswith("_FILE")}
    assert files == {f"{TLS}/{file}" for file in ("ca.crt", "tls.crt", "tls.key")}
    (service,) = (one for one in of_kind(clustered, "Service") if name_of(one) == "openhours-dask-scheduler")
    (port,) = service["spec"]["ports"]
    assert found["data"]["OPENHOURS_DASK_SCHEDULER"] == f"tls://{name_of(service)}:{port['port']}"
    for role in (*ROLES, "worker"):
        (container,) = containers(deployment(clustered, role))
        assert {"configMapRef": {"name": name_of(found)}} in container["envFrom"]
        assert {"name": "dask-tls", "mountPath": TLS, "readOnly": True} in container["volumeMounts"]
        volumes = {one["name"]: one for one in pod(deployment(clustered, role))["volumes"]}
        assert volumes["dask-tls"]["secret"] == {"secretName": "openhours-dask-tls", "defaultMode": 0o440}
    (container,) = containers(deployment(clustered, "api"))
    assert {"configMapRef": {"name": name_of(found)}} not in container["envFrom"]


def test_of_the_secret_a_worker_gets_the_keys_of_the_bucket_and_the_scheduler_nothing(
    clustered: list[Manifest],
) -> None:
    for role, keys in (("dask-worker", {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}), ("dask-scheduler", set())):
        (container,) = containers(deployment(clustered, role))
        assert not any("secretRef" in source for source in container["envFrom"])
        variables = container.get("env", [])
        assert {one["valueFrom"]["secretKeyRef"]["key"] for one in variables if "valueFrom" in one} == keys
        assert {one["name"] for one in variables} <= SETTINGS | OTHERS | keys


def test_only_its_own_and_what_runs_jobs_reach_it(clustered: list[Manifest]) -> None:
    """Of each way both ends are open, and no other way is."""
    all_pods = {name_of(one): pod_labels(one) for one in workloads(clustered)}
    ways: dict[str, set[tuple[str, str, int]]] = {"ingress": set(), "egress": set()}
    for policy in of_kind(clustered, "NetworkPolicy"):
        mine = {name for name, labels in all_pods.items() if selects(policy["spec"]["podSelector"], labels)}
        for direction, side in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(direction, []):
                selectors = [peer["podSelector"] for peer in rule[side] if set(peer) == {"podSelector"}]
                others = {name for name, labels in all_pods.items() if any(selects(one, labels) for one in selectors)}
                for one, other, port in ((a, b, c["port"]) for a in mine for b in others for c in rule["ports"]):
                    ways[direction].add((other, one, port) if direction == "ingress" else (one, other, port))
    dask = {"openhours-dask-scheduler", "openhours-dask-worker"}
    assert {way for way in ways["ingress"] if way[1] in dask} == WAYS
    assert {way for way in ways["egress"] if way[1] in dask} == WAYS
    closed = {name_of(one): one["spec"]["podSelector"] for one in of_kind(clustered, "NetworkPolicy")}
    for name in dask:
        assert selects(closed["openhours-nothing"], all_pods[name])
        assert selects(closed["openhours-names"], all_pods[name])
    assert not selects(closed["openhours-servers"], all_pods["openhours-dask-scheduler"])
