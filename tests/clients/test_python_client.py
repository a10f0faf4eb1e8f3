"""A Python client generated from the OpenAPI document: it has all operations, its types hold, and it works."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from app.reports.registry import REPORT_KINDS
from app.storage.resources import Resources
from app.web.application import create_app
from app.web.server import serving

HERE = Path(__file__).parent / "python"

PACKAGE = "openhours_client"


@pytest.fixture(scope="module")
def document(untouched: Resources) -> Mapping[str, Any]:
    return create_app(untouched, slots=0).openapi()


@pytest.fixture(scope="module")
def folder(document: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated package."""
    folder = tmp_path_factory.mktemp("client")
    source = folder / "openapi.json"
    source.write_text(json.dumps(document), encoding="utf-8")
    choices = ConfigFile.load_from_path(HERE / "config.yml")
    choices.post_hooks = []  # they would format it
    config = Config.from_sources(
        choices,
        MetaType.NONE,
        document_source=source,
        file_encoding="utf-8",
        overwrite=False,
        output_path=folder / PACKAGE,
    )
    assert [f"{problem.header}: {problem.detail}" for problem in generate(config=config)] == []
    return folder


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Tag and id of every operation."""
    for path in document["paths"].values():
        for operation in path.values():
            yield operation["tags"][0], operation["operationId"]


def test_the_generated_client_has_every_operation(document: Mapping[str, Any], folder: Path) -> None:
    assert len(list(operations(document))) > 25
    missing = [one for one in operations(document) if not (folder / PACKAGE / "api" / one[0] / f"{one[1]}.py").exists()]
    assert missing == []


@pytest.mark.usefixtures("client")
def test_the_generated_client_has_the_parameters_of_each_kind() -> None:
    models = importlib.import_module(f"{PACKAGE}.models")
    for kind in REPORT_KINDS.values():
        generated = getattr(models, kind.params.__name__)
        # Names that Python has for itself end with "_" there: sum_, from_.
        found, expected = generated.__annotations__, kind.params.model_fields
        assert {name.removesuffix("_") for name in found} == {name.removesuffix("_") for name in expected}


def test_the_types_of_the_generated_client_hold(folder: Path) -> None:
    (folder / "use.py").write_text((HERE / "use.py").read_text(encoding="utf-8"), encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(HERE / "mypy.ini"), "use.py", PACKAGE],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert checked.stdout.startswith("Success"), checked.stdout + checked.stderr


@pytest.mark.usefixtures("client")
def test_the_generated_client_is_answered_with_what_it_has_types_for(untouched: Resources) -> None:
    package = importlib.import_module(PACKAGE)
    models = importlib.import_module(f"{PACKAGE}.models")
    trigger, poll = (
        importlib.import_module(f"{PACKAGE}.api.reports.{name}") for name in ("trigger_report", "get_report")
    )
    with (
        serving(untouched, slots=0) as address,
        package.AuthenticatedClient(base_url=address, token="unused") as client,
    ):
        wrong = models.UptimeTrigger(params=models.UptimeParams(lookback_hours=1000))
        assert isinstance(trigger.sync(client=client, body=wrong), models.Problem)
        right = models.UptimeTrigger(params=models.UptimeParams(as_of=datetime(2024, 1, 1, tzinfo=UTC)))
        triggered = trigger.sync(client=client, body=right)
        assert isinstance(triggered, models.Triggered)
        polled = poll.sync(client=client, report_id=triggered.report_id)
        assert isinstance(polled, models.RunningAnswer)
