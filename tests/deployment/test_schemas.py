"""Every manifest is one that Kubernetes accepts, of the oldest and the newest version that we mean."""

from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.deployment.manifests import K8S, Manifest

#: The oldest knows `preStop: sleep`.
VERSIONS = ("1.30", "1.37")

#: Kinds of the Prometheus Operator, whose schemas Kubernetes does not have.
FOREIGN = {"ServiceMonitor", "PrometheusRule"}

#: Read by kustomize. Patches are parts of manifests.
NOT_APPLIED = {"kustomization.yaml", "sizes.yaml"}

WHOLE = sorted(path for path in K8S.rglob("*.yaml") if path.name not in NOT_APPLIED)


def accepted(manifest: Manifest) -> None:
    if manifest["kind"] not in FOREIGN:
        for version in VERSIONS:
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: str(path.relative_to(K8S)))
def test_every_file_holds_valid_manifests(path: Path) -> None:
    manifests = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    assert manifests
    for manifest in manifests:
        accepted(manifest)


def test_every_overlay_is_valid(overlay: list[Manifest]) -> None:
    for manifest in overlay:
        accepted(manifest)


def test_every_component_is_valid_on_every_overlay(extended: list[Manifest]) -> None:
    for manifest in extended:
        accepted(manifest)


def test_a_wrong_field_is_not_accepted(overlay: list[Manifest]) -> None:
    wrong = {**overlay[0], "spce": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        accepted(wrong)
