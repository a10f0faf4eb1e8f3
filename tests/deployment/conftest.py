"""Every overlay, alone and with all components."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deployment.manifests import COMPONENTS, K8S, OVERLAYS, Manifest, render


@pytest.fixture(scope="package", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> list[Manifest]:
    """An overlay as it is applied."""
    return render(K8S / "overlays" / request.param)


@pytest.fixture(scope="package", params=OVERLAYS)
def extended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    """An overlay with every component."""
    folder = tmp_path_factory.mktemp(request.param).resolve()
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(_with_components(folder, request.param)))
    return render(folder)


def _with_components(folder: Path, overlay: str) -> dict[str, Any]:
    def relative(path: Path) -> str:
        return os.path.relpath(path, folder)

    return {
        "resources": [relative(K8S / "overlays" / overlay)],
        "components": [relative(K8S / "components" / name) for name in COMPONENTS],
    }
