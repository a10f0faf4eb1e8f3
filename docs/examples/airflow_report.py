"""An Airflow DAG that has Openhours make a report of each week, and waits for it without holding a worker.

For Airflow 3 with apache-airflow-providers-http. The connection ``openhours`` has the address of the server as its host
and, where access is on, ``{"Authorization": "Bearer oh_…"}`` as its extra: a key with reports:run and reports:read.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.exceptions import AirflowFailException
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor
from airflow.sdk import DAG
from airflow.timetables.trigger import CronTriggerTimetable

CONNECTION = "openhours"
REPORT_ID = "{{ ti.xcom_pull(task_ids='trigger') }}"

#: ``run_after`` is the instant at which the run was due, however late it begins.
REPORT = {"report": "uptime", "params": {"as_of": "{{ dag_run.run_after.isoformat() }}", "period": "last_week"}}


def report_id(response: Any) -> str:
    """What the next tasks ask for."""
    return str(response.json()["report_id"])


def is_complete(response: Any) -> bool:
    """Whether the report has ended well; one that has not ended is asked for again."""
    answer = response.json()
    if answer["status"] in {"Failed", "Cancelled"}:
        raise AirflowFailException(f"The report has {answer['status'].lower()}: {answer.get('error')}")
    return bool(answer["status"] == "Complete")


with DAG(
    dag_id="openhours_weekly_uptime",
    schedule=CronTriggerTimetable("30 6 * * 1", timezone="Europe/Berlin"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
) as dag:
    # A task that is tried again gets the same report: the key is that of the run.
    trigger = HttpOperator(
        task_id="trigger",
        http_conn_id=CONNECTION,
        method="POST",
        endpoint="trigger_report",
        headers={"Content-Type": "application/json", "Idempotency-Key": "{{ dag.dag_id }} {{ run_id }}"},
        data=json.dumps(REPORT),
        response_filter=report_id,
    )
    # Not deferrable: with a response_check, HttpSensor does not defer, and without one its trigger asks again without
    # any pause as long as the answer is an error other than 404. get_report answers 200 for every report that is known.
    wait = HttpSensor(
        task_id="wait",
        http_conn_id=CONNECTION,
        method="GET",
        endpoint="get_report",
        request_params={"report_id": REPORT_ID},
        response_check=is_complete,
        deferrable=False,
        mode="reschedule",
        poke_interval=30,
        timeout=timedelta(hours=1).total_seconds(),
    )
    summary = HttpOperator(
        task_id="summary",
        http_conn_id=CONNECTION,
        method="GET",
        endpoint=f"reports/{REPORT_ID}/summary",
        log_response=True,
    )
    trigger >> wait >> summary
