"""The manifests as the tests look at them: rendered by kustomize, and what runs in them."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import REPOSITORY

Manifest = dict[str, Any]

K8S = REPOSITORY / "k8s"

OVERLAYS = sorted(path.name for path in (K8S / "overlays").iterdir())
COMPONENTS = sorted(path.name for path in (K8S / "components").iterdir())


def render(folder: Path) -> list[Manifest]:
    """What ``kubectl apply -k`` would send."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed; it is what renders the overlays")
    done = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def workloads(manifests: list[Manifest]) -> list[Manifest]:
    return of_kind(manifests, "Deployment", "StatefulSet", "Job")


def ours(manifests: list[Manifest]) -> list[Manifest]:
    """The workloads that run this program, not those of a try-out's servers."""
    return [one for one in workloads(manifests) if name_of(one).startswith("openhours-")]


def deployment(manifests: list[Manifest], role: str) -> Manifest:
    (found,) = (one for one in of_kind(manifests, "Deployment") if name_of(one) == f"openhours-{role}")
    return found


def name_of(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def pod(workload: Manifest) -> Manifest:
    """The pod's specification."""
    return dict(workload["spec"]["template"]["spec"])


def pod_labels(workload: Manifest) -> dict[str, str]:
    return dict(workload["spec"]["template"]["metadata"]["labels"])


def containers(workload: Manifest) -> Iterator[Manifest]:
    yield from pod(workload).get("initContainers", [])
    yield from pod(workload)["containers"]


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a label selector, or the plain labels of a service, finds a pod."""
    if not {"matchLabels", "matchExpressions"} & set(selector):
        return selector.items() <= labels.items()
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        rule["operator"] == "In" and labels.get(rule["key"]) in rule["values"]
        for rule in selector.get("matchExpressions", [])
    )


def settings_of(manifests: list[Manifest]) -> dict[str, str]:
    """The ConfigMap of settings."""
    (found,) = of_kind(manifests, "ConfigMap")
    return dict(found["data"])


def mebibytes(quantity: str) -> float:
    """A quantity of memory such as 512Mi or 3Gi."""
    return float(quantity[:-2]) * {"Mi": 1, "Gi": 1024}[quantity[-2:]]
