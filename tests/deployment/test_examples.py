"""The examples for those who have a scheduler: what they ask is asked of a real server."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from runpy import run_path
from types import ModuleType, SimpleNamespace
from typing import Any, Self

import pytest
import yaml
from fastapi.testclient import TestClient
from jinja2 import Environment, StrictUndefined

from app.schedules.timing import checked
from app.storage.resources import Resources
from app.web.server import serving
from tests.commands import REPOSITORY, wait_until
from tests.conftest import api
from tests.deployment.manifests import Manifest
from tests.deployment.test_schemas import accepted

EXAMPLES = REPOSITORY / "docs/examples"

#: Monday 30 January 2023, 06:30 in Berlin; the sample data is of the week before.
RUN_AFTER = datetime(2023, 1, 30, 5, 30, tzinfo=UTC)


class Failed(Exception):
    """What stands in for AirflowFailException."""


class Recorded:
    """Stands in for a DAG or an operator: keeps what it was given."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self.given = given
        self.named = named

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def __rshift__(self, other: "Recorded") -> "Recorded":
        self.named["then"] = other
        return other


class Operator(Recorded):
    """HttpOperator."""


class Sensor(Recorded):
    """HttpSensor."""


@pytest.fixture
def dag(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the file of the DAG defines. Airflow is outside of this repository: names of it record their arguments."""
    for name, members in {
        "airflow.exceptions": {"AirflowFailException": Failed},
        "airflow.providers.http.operators.http": {"HttpOperator": Operator},
        "airflow.providers.http.sensors.http": {"HttpSensor": Sensor},
        "airflow.sdk": {"DAG": Recorded},
        "airflow.timetables.trigger": {"CronTriggerTimetable": Recorded},
    }.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    return run_path(str(EXAMPLES / "airflow_report.py"))


def rendered(value: Any, **context: Any) -> Any:
    """A templated argument as Airflow renders it."""
    if isinstance(value, dict):
        return {name: rendered(one, **context) for name, one in value.items()}
    plain = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - no HTML, as in Airflow
    return plain.from_string(value).render(**context)


def asked(client: TestClient, operator: Recorded, **context: Any) -> Any:
    """The request of an operator, with the fields that its template_fields name."""
    named = operator.named
    return client.request(
        named["method"],
        "/" + rendered(named["endpoint"], **context),
        headers=rendered(named.get("headers", {}), **context),
        params=rendered(named.get("request_params", {}), **context),
        content=rendered(named.get("data", ""), **context),
    )


def test_the_sensor_of_the_dag_gives_its_slot_back_and_pauses(dag: dict[str, Any]) -> None:
    wait = dag["wait"]
    assert isinstance(wait, Sensor)
    assert (wait.named["mode"], wait.named["deferrable"], wait.named["endpoint"]) == ("reschedule", False, "get_report")
    assert wait.named["poke_interval"] >= 10
    assert wait.named["response_check"] is dag["is_complete"]
    assert [dag["trigger"].named["then"], wait.named["then"]] == [wait, dag["summary"]]
    assert {one.named["http_conn_id"] for one in (dag["trigger"], wait, dag["summary"])} == {"openhours"}


def test_the_dag_is_due_when_a_schedule_of_ours_would_be(dag: dict[str, Any]) -> None:
    about = dag["dag"].named
    assert about["catchup"] is False
    (cron,), zone = about["schedule"].given, about["schedule"].named["timezone"]
    timing = checked(cron, zone, now=RUN_AFTER)
    assert timing.next_after(datetime(2023, 1, 29, tzinfo=UTC)) == RUN_AFTER


def test_the_requests_of_the_dag_make_one_report_and_end_with_its_summary(
    dag: dict[str, Any], loaded: Resources
) -> None:
    about = {"dag": SimpleNamespace(dag_id="weekly"), "run_id": "scheduled__1"}
    about["dag_run"] = SimpleNamespace(run_after=RUN_AFTER)
    with api(loaded, slots=1) as client:
        ids = {dag["trigger"].named["response_filter"](asked(client, dag["trigger"], **about)) for _ in range(2)}
        (report_id,) = ids
        context = {"ti": SimpleNamespace(xcom_pull=lambda task_ids: {"trigger": report_id}[task_ids])}
        wait_until(lambda: dag["is_complete"](asked(client, dag["wait"], **context)))
        summary = asked(client, dag["summary"], **context).json()
    assert (summary["period"], summary["begin"], summary["end"]) == ("2023-W04", "2023-01-23", "2023-01-30")


@pytest.mark.parametrize(("status", "is_told"), [("Failed", "has failed: it died"), ("Cancelled", "has cancelled")])
def test_a_report_that_failed_fails_the_dag(dag: dict[str, Any], status: str, is_told: str) -> None:
    answer = SimpleNamespace(json=lambda: {"status": status, "error": "it died"})
    with pytest.raises(Failed, match=is_told):
        dag["is_complete"](answer)
    assert dag["is_complete"](SimpleNamespace(json=lambda: {"status": "Running"})) is False


@pytest.fixture
def cron_job() -> Manifest:
    found: Manifest = yaml.safe_load((EXAMPLES / "cronjob.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def container(cron_job: Manifest) -> Manifest:
    (found,) = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return dict(found)


def test_the_cron_job_is_one_that_kubernetes_accepts_with_a_zone(cron_job: Manifest) -> None:
    accepted(cron_job)
    about = cron_job["spec"]
    timing = checked(about["schedule"], about["timeZone"], now=RUN_AFTER)
    assert timing.next_after(datetime(2023, 1, 29, tzinfo=UTC)) == RUN_AFTER


def test_the_key_of_the_cron_job_is_the_name_of_its_job_which_has_the_time(container: Manifest) -> None:
    (name,) = (one for one in container["env"] if one["name"] == "JOB_NAME")
    assert name["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.labels['batch.kubernetes.io/job-name']"


@pytest.fixture
def server(loaded: Resources) -> Iterator[str]:
    with serving(loaded, slots=0) as address:
        yield address


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_what_the_cron_job_runs_twice_makes_one_report(container: Manifest, server: str, tmp_path: Path) -> None:
    header = tmp_path / "header"
    header.write_text("X-Of-A-Secret: there is no key on this machine\n")
    (report,) = (json.loads(one["value"]) for one in container["env"] if one["name"] == "REPORT")
    report["params"]["as_of"] = RUN_AFTER.isoformat()  # the sample data ends before last week
    values = {"OPENHOURS_ADDRESS": server, "REPORT": json.dumps(report), "PATH": "/usr/bin:/bin"}
    script = container["args"][0].replace("/etc/openhours/header", str(header))

    def run(job_name: str) -> str:
        variables = values | {"JOB_NAME": job_name}
        done = subprocess.run(
            [*container["command"], script], env=variables, capture_output=True, text=True, check=True
        )
        return str(json.loads(done.stdout)["report_id"])

    begun = [run(f"openhours-weekly-uptime-{minutes}") for minutes in (27917130, 27917130, 27927210)]
    assert begun[0] == begun[1]
    assert begun[1] != begun[2]
