"""The alert rules and the dashboard ask for metrics that a replica really shows."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.storage.resources import Resources
from tests.conftest import api
from tests.deployment.manifests import K8S

RULES = K8S / "components" / "alerts" / "alerts.yaml"
DASHBOARD = K8S / "components" / "dashboard" / "openhours.json"

#: A name in an expression, with the labels that it is filtered by.
SELECTOR = re.compile(r"((?:openhours|process)_\w+)(?:\{([^}]*)\})?")


def rules() -> list[dict[str, Any]]:
    (manifest,) = yaml.safe_load_all(RULES.read_text(encoding="utf-8"))
    return [rule for group in manifest["spec"]["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return list(json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"])


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.fixture(scope="module")
def labels() -> dict[str, set[str]]:
    """The labels of every sample that the code declares, by its name."""
    from prometheus_client import REGISTRY

    declared: dict[str, set[str]] = {}
    for collector in {*REGISTRY._names_to_collectors.values()}:
        for name in REGISTRY._get_names(collector):
            own = set(getattr(collector, "_labelnames", ()))
            declared[name] = own | ({"le"} if name.endswith("_bucket") else set())
    return declared


def test_every_expression_asks_for_metrics_and_labels_that_exist(
    loaded: Resources, labels: dict[str, set[str]]
) -> None:
    with api(loaded, slots=0) as client:
        shown = {
            sample.name
            for family in text_string_to_metric_families(client.get("/metrics").text)
            for sample in family.samples
        }
    asked = 0
    for where, expression in expressions():
        for name, selected in SELECTOR.findall(expression):
            assert name in shown or name in labels, f"{where}: nothing shows {name}"
            for label in re.findall(r"(\w+)[!=]~?\"", selected):
                assert label in labels.get(name, set()) | {"job"}, f"{where}: {name} has no label {label}"
            asked += 1
    assert asked > len(rules())


def test_every_alert_says_what_happened_and_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}, rule["alert"]
        assert rule["annotations"].keys() == {"summary", "description"}, rule["alert"]


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    taken = set()
    for panel in panels():
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, panel["title"]
                taken.add((x, y))
        assert place["x"] + place["w"] <= 24, panel["title"]
