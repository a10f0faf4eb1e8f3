"""Files of monitors as they export them: what is proposed gives the right polls, or asks before it may be wrong."""

import json
from typing import Any

import pytest

from app.errors import RejectedFile
from app.ingest.inspection.inspect import Inspection, inspect
from app.ingest.registry import DATASET_KINDS
from tests.ingest.proposed import rows_as_proposed
from tests.ingest.test_inspect_as_written import NOW, look

#: 2024-05-01, 10:00 and 10:05 UTC.
BEGAN, LATER = 1_714_557_600, 1_714_557_900
TEN, FIVE_PAST = "2024-05-01T10:00:00Z", "2024-05-01T10:05:00Z"
STATUSES = {1: "active", 0: "inactive", 2: "unknown"}


def loaded(content: str | bytes, name: str) -> list[tuple[str, str, int]]:
    """The polls of a load by the proposal: store, status, seconds."""
    return [(row[0], STATUSES[int(row[1])], row[2] // 1_000_000) for row in rows_as_proposed(content, name, "polls")]


def asked(found: Inspection) -> str:
    return " ".join(question for question, answer in found.proposal.questions if not answer)


def lines(*rows: Any) -> str:
    return "\n".join(json.dumps(row) for row in rows) + "\n"


#: Each with the same two polls of a store A: up at 10:00, down at 10:05.
POLLS: dict[str, tuple[str, str]] = {
    "results of Gatus": (
        json.dumps(
            [
                {
                    "name": "A",
                    "group": "core",
                    "key": "core_a",
                    "results": [
                        {"status": 200, "hostname": "x", "duration": 12, "success": True, "timestamp": TEN},
                        {"status": 0, "errors": ["timeout"], "success": False, "timestamp": FIVE_PAST},
                    ],
                }
            ]
        ),
        "gatus.json",
    ),
    "a table of Gatus, whose code of HTTP is not the status": (
        (
            "endpoint_result_id,endpoint_id,success,status,hostname,timestamp\n"
            "1,1,1,200,A,2024-05-01 10:00:00.123456789+00:00\n2,1,0,200,A,2024-05-01 10:05:00+00:00\n"
        ),
        "gatus.csv",
    ),
    "a backup of Uptime Kuma": (
        json.dumps(
            {
                "version": "1.23",
                "heartbeatList": {
                    "3": [
                        {"id": 1, "monitorID": "A", "status": 1, "time": "2024-05-01 10:00:00.000", "msg": ""},
                        {"id": 2, "monitorID": "A", "status": 0, "time": "2024-05-01 10:05:00.000", "msg": "x"},
                    ]
                },
            }
        ),
        "kuma.json",
    ),
    "logs of UptimeRobot, where 1 is down": (
        json.dumps(
            {
                "stat": "ok",
                "monitors": [
                    {
                        "id": 777,
                        "friendly_name": "A",
                        "status": 2,
                        "logs": [
                            {"id": 1, "type": 2, "datetime": BEGAN, "duration": 300},
                            {"id": 2, "type": 1, "datetime": LATER, "duration": 6000},
                        ],
                    }
                ],
            }
        ),
        "robot.json",
    ),
    "results of Pingdom": (
        json.dumps(
            {
                "activeprobes": [257],
                "results": [
                    {"probeid": 257, "time": BEGAN, "status": "up", "responsetime": 91},
                    {"probeid": 261, "time": LATER, "status": "down"},
                ],
            }
        ),
        "A.json",
    ),
    "states of Pingdom": (
        json.dumps(
            {
                "summary": {
                    "states": [
                        {"status": "up", "timefrom": BEGAN, "timeto": LATER},
                        {"status": "down", "timefrom": LATER, "timeto": LATER + 60},
                    ]
                }
            }
        ),
        "A.json",
    ),
    "periods of StatusCake": (
        json.dumps(
            {
                "data": [
                    {"status": "up", "created_at": TEN, "ended_at": FIVE_PAST, "duration": 300},
                    {"status": "down", "created_at": FIVE_PAST, "ended_at": "2024-05-01T10:06:00Z", "duration": 60},
                ]
            }
        ),
        "A.json",
    ),
    "events of Uptime.com": (
        (
            "Check Name,Event Type,Started,Ended\n"
            "A,UP,2024-05-01T10:00:00Z,2024-05-01T10:05:00Z\nA,DOWN,2024-05-01T10:05:00Z,2024-05-01T10:06:00Z\n"
        ),
        "file.csv",
    ),
    "flips of Healthchecks": (json.dumps([{"timestamp": TEN, "up": 1}, {"timestamp": FIVE_PAST, "up": 0}]), "A.json"),
    "a range of Prometheus": (
        json.dumps(
            {
                "status": "success",
                "data": {
                    "resultType": "matrix",
                    "result": [
                        {
                            "metric": {"__name__": "probe_success", "instance": "A", "job": "b"},
                            "values": [[BEGAN, "1"], [LATER, "0"]],
                        }
                    ],
                },
            }
        ),
        "prometheus.json",
    ),
    "an instant of Prometheus": (
        json.dumps(
            {
                "status": "success",
                "data": {
                    "resultType": "vector",
                    "result": [
                        {"metric": {"__name__": "up", "instance": "A"}, "value": [BEGAN, "1"]},
                        {"metric": {"__name__": "up", "instance": "A"}, "value": [LATER, "0"]},
                    ],
                },
            }
        ),
        "prometheus.json",
    ),
    "series of Grafana": (
        f'"Series","Time","Value"\n"A","{TEN}","1"\n"A","{FIVE_PAST}","0"\n',
        "grafana.csv",
    ),
    "CSV of InfluxDB, annotated": (
        (
            "#datatype,string,long,dateTime:RFC3339,string,double\n#group,false,false,false,true,false\n"
            "#default,_result,,,,\n,result,table,_time,server,_value\n"
            f",,0,{TEN},A,1\n,,0,{FIVE_PAST},A,0\n"
        ),
        "influx.csv",
    ),
    "SolarWinds": (
        "NodeName,Status,EventTime (UTC)\nA,Node Up,2024-05-01 10:00:00\nA,Node Down,2024-05-01 10:05:00\n",
        "file.csv",
    ),
    "Freshping": (
        (
            "Monitor Name,Check Time (UTC),Availability Status,Response Time (ms)\n"
            "A,2024-05-01 10:00:00,Available,120\nA,2024-05-01 10:05:00,Not Responding,0\n"
        ),
        "file.csv",
    ),
    "Azure, from several places": (
        (
            "timestamp [UTC],name,location,success,duration\n"
            "2024-05-01 10:00:00,A,West Europe,1,120\n2024-05-01 10:05:00,A,East US,0,900\n"
        ),
        "file.csv",
    ),
    "history of Zabbix": (f"itemid;clock;value;ns\nA;{BEGAN};1;123\nA;{LATER};0;99\n", "file.csv"),
    "days of a spreadsheet": (
        "store,status,time\nA,up,45413.416666666664\nA,down,45413.42013888889\n",
        "file.csv",
    ),
    "lines of a program, with commas in numbers": (
        f"store;value;ts\nA;1,0;{BEGAN},5\nA;0,0;{LATER},5\n",
        "file.csv",
    ),
    "digits of a date": ("store,status,ts\nA,up,20240501100000\nA,down,20240501100500\n", "file.csv"),
    "a log of Apache": (
        "store,status,ts\nA,200,01/May/2024:12:00:00 +0200\nA,500,01/May/2024:12:05:00 +0200\n",
        "file.csv",
    ),
    "an offset from UTC": (
        "store,status,ts\nA,up,2024-05-01 12:00:00 UTC+2\nA,down,2024-05-01 12:05:00 GMT+02:00\n",
        "file.csv",
    ),
    "the name of a zone": (
        "store,status,ts\nA,up,2024-05-01 12:00:00 Europe/Berlin\nA,down,2024-05-01T12:05:00+02:00[Europe/Berlin]\n",
        "file.csv",
    ),
    "German months": ("store;status;ts\nA;up;1. Mai 2024 10:00\nA;down;1. Mai 2024 10:05\n", "file.csv"),
    "the name of the day": (
        'store,status,ts\nA,up,"Wednesday, May 1, 2024 10:00 AM"\nA,down,"Wednesday, May 1, 2024 10:05 AM"\n',
        "file.csv",
    ),
    "what JavaScript writes": (
        "store,status,ts\nA,up,Wed May 01 2024 12:00:00 GMT+0200\nA,down,Wed May 01 2024 12:05:00 GMT+0200\n",
        "file.csv",
    ),
}


@pytest.mark.parametrize("name", POLLS)
def test_polls_are_read_as_monitors_export_them(name: str) -> None:
    assert loaded(*POLLS[name]) == [("A", "active", BEGAN), ("A", "inactive", LATER)]


#: Each with the same outage of a store A: from 10:00 to 10:05.
OUTAGES: dict[str, tuple[str, str]] = {
    "incidents of UptimeRobot": (
        "Status,Monitor,Started,Resolved,Cause\nResolved,A,2024-05-01 10:00:00,2024-05-01 10:05:00,503\n",
        "file.csv",
    ),
    "incidents of Better Stack": (
        json.dumps(
            {
                "data": [
                    {
                        "id": "25",
                        "type": "incident",
                        "attributes": {"url": "A", "started_at": TEN, "resolved_at": FIVE_PAST, "status": "Resolved"},
                    }
                ]
            }
        ),
        "file.json",
    ),
    "problems of Zabbix": (
        (
            "Severity,Time,Recovery time,Status,Host,Problem\n"
            "High,2024-05-01 10:00:00,2024-05-01 10:05:00,RESOLVED,A,Unavailable by ICMP ping\n"
        ),
        "file.csv",
    ),
    "times of UTC by their names": (
        "Monitor ID,Started (UTC),Resolved (UTC)\nA,2024-05-01 10:00:00,2024-05-01 10:05:00\n",
        "file.csv",
    ),
    "two ways to write a date": ("store,start,end\nA,2024/05/01 10:00,2024-05-01 10:05\n", "file.csv"),
    "alerts of Prometheus": (
        json.dumps(
            {
                "alerts": [
                    {
                        "status": "resolved",
                        "labels": {"alertname": "Unreachable", "instance": "A"},
                        "startsAt": TEN,
                        "endsAt": FIVE_PAST,
                    }
                ]
            }
        ),
        "alerts.json",
    ),
    "incidents of a status page, which have titles": (
        json.dumps(
            {
                "page": {"id": "x"},
                "incidents": [
                    {
                        "id": "a",
                        "name": "API down",
                        "status": "resolved",
                        "created_at": TEN,
                        "resolved_at": FIVE_PAST,
                        "incident_updates": [{"status": "resolved", "created_at": FIVE_PAST}],
                    }
                ],
            }
        ),
        "A.json",
    ),
}


@pytest.mark.parametrize("name", OUTAGES)
def test_outages_are_read_as_monitors_export_them(name: str) -> None:
    assert loaded(*OUTAGES[name]) == [("A", "inactive", BEGAN), ("A", "active", LATER)]


def test_a_column_for_each_store_is_a_poll_of_each() -> None:
    table = '"Time","shop","api"\n2024-05-01T10:00:00Z,1,1\n2024-05-01T10:05:00Z,0,\n'
    assert loaded(table, "grafana.csv") == [
        ("shop", "active", BEGAN),
        ("api", "active", BEGAN),
        ("shop", "inactive", LATER),
    ]
    numbers = "time,101,102\n2024-05-01T10:00:00Z,1,0\n"
    assert loaded(numbers, "file.csv") == [("101", "active", BEGAN), ("102", "inactive", BEGAN)]
    words = "Zeit;Berlin;Hamburg\n2024-05-01T10:00:00Z;UP;DOWN\n"
    assert loaded(words, "file.csv") == [("Berlin", "active", BEGAN), ("Hamburg", "inactive", BEGAN)]


def test_each_service_of_a_host_is_a_store_of_its_own() -> None:
    rows = f"host,service,status,time\nweb1,http,OK,{TEN}\nweb1,ssh,CRITICAL,{TEN}\nweb2,http,OK,{FIVE_PAST}\n"
    assert loaded(rows, "file.csv") == [
        ("web1/http", "active", BEGAN),
        ("web1/ssh", "inactive", BEGAN),
        ("web2/http", "active", LATER),
    ]


def test_stores_of_one_name_in_several_groups_stay_apart() -> None:
    results = [{"success": True, "timestamp": TEN}]
    found = [{"name": "A", "group": group, "results": results} for group in ("core", "web")]
    assert [store for store, _, _ in loaded(json.dumps(found), "gatus.json")] == ["A/core", "A/web"]


def test_what_uptimerobot_started_or_paused_is_unknown() -> None:
    logs = [{"id": number, "type": kind, "datetime": BEGAN + number} for number, kind in enumerate((98, 2, 99))]
    found = loaded(json.dumps({"monitors": [{"friendly_name": "A", "logs": logs}]}), "robot.json")
    assert [status for _, status, _ in found] == ["unknown", "active", "unknown"]


#: What could give wrong figures that nobody notices, and a part of the question that must be answered first.
DOUBTS = {
    "results of Datadog, where 0 is passed": (
        json.dumps(
            {
                "results": [
                    {"check_time": BEGAN * 1000, "status": 0, "result": {"passed": True}},
                    {"check_time": LATER * 1000, "status": 1, "result": {"passed": False}},
                ]
            }
        ),
        "status says '0' where result.passed says 'true'",
    ),
    "the place that looks": (
        json.dumps({"data": [{"created_at": TEN, "status_code": 200, "location": "UK1", "performance": 12}]}),
        "location: is it the store, or from where it was checked?",
    ),
    "states of Nagios": (f"host,state,time\nA,0,{BEGAN}\nA,1,{LATER}\n", "is 0 down, or OK as Nagios"),
    "a flag of which nobody knows what it says": (f"store,flag,time\nA,0,{BEGAN}\nA,1,{LATER}\n", "flag: is a store"),
    "a name that says the opposite": (f"store,no_error,time\nA,0,{BEGAN}\nA,1,{LATER}\n", "no_error: is a store"),
    "maintenance": (f"store,up,maintenance,time\nA,0,1,{BEGAN}\nA,1,0,{LATER}\n", "maintenance: do rows count"),
    "several metrics": (
        lines(
            *(
                {"metric": {"__name__": name, "instance": "A"}, "value": [BEGAN, "1"]}
                for name in ("probe_success", "probe_ip_protocol")
            )
        ),
        "several metrics, probe_ip_protocol and probe_success",
    ),
    "several problems": (
        f"Time,Recovery time,Host,Problem\n{TEN},{FIVE_PAST},A,No ping\n{TEN},{FIVE_PAST},B,Disk is full\n",
        "Problem: is a store down while it has any of 'No ping', 'Disk is full'?",
    ),
    "a beginning and an end of anything": (
        f"id,room,start,end\n1,R1,{TEN},{FIVE_PAST}\n",
        "start and end: is each row an outage?",
    ),
    "planned work": (
        f"store,start,end,type\nA,{TEN},{FIVE_PAST},planned maintenance\n",
        "type: is a store down while it has any of 'planned maintenance'?",
    ),
    "stretches of up alone": (f"store,status,start,end\nA,up,{TEN},{FIVE_PAST}\n", "Are they outages?"),
    "stretches with time between them": (
        (
            "store,status,start,end\nA,up,2024-05-01T10:00Z,2024-05-01T11:00Z\n"
            "A,down,2024-05-01T12:00Z,2024-05-01T13:00Z\nA,up,2024-05-01T14:00Z,2024-05-01T15:00Z\n"
        ),
        "time lies between the end of a row and the beginning of the next one",
    ),
    "letters of a zone": (
        "store,status,ts\nA,up,2024-05-01 10:00:00 EST\nA,down,2024-05-01 10:05:00 EST\n",
        "EST is an abbreviation that several places use",
    ),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_what_could_be_read_wrongly_is_asked_first(name: str) -> None:
    content, question = DOUBTS[name]
    found = look(content, "file.json" if content[0] in "{[" else "file.csv", kind="polls")
    assert question in asked(found)
    assert not found.may_be_accepted


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (
            "[1714557600] SERVICE ALERT: a;HTTP;CRITICAL;SOFT;1;x\n[1714557970] HOST ALERT: a;DOWN;HARD;1;x\n",
            "nagios.log",
            "a log of Nagios or Icinga",
        ),
        (
            '{"results":[{"series":[{"name":"http","columns":["time","up"],"values":[["2024-05-01T10:00:00Z",1]]}]}]}',
            "influx.json",
            "Accept: application/csv",
        ),
    ],
)
def test_what_cannot_be_mapped_is_told_with_what_to_do(content: str, name: str, told: str) -> None:
    with pytest.raises(RejectedFile) as caught:
        look(content, name)
    assert told in str(caught.value)


def test_a_store_that_is_given_settles_the_question_of_it() -> None:
    content, _ = DOUBTS["the place that looks"]
    given = {"store_id": "A"}
    found = inspect(content.encode(), name="file.json", kinds=[DATASET_KINDS["polls"]], now=NOW, given=given)
    assert found.may_be_accepted
    assert found.rows[0]["store_id"] == "A"


def test_zones_of_windows_are_those_of_the_places() -> None:
    found = look("store_id,zone\n1,W. Europe Standard Time\n2,Eastern Standard Time\n3,UTC\n", kind="timezones")
    assert [row["timezone_str"] for row in found.rows] == ["Europe/Berlin", "America/New_York", "UTC"]
    assert found.may_be_accepted


def test_reviews_within_pull_requests_are_no_polls() -> None:
    reviews = [{"state": state, "submitted_at": TEN} for state in ("APPROVED", "COMMENTED")]
    pull = {"repo": "o/r", "number": 7, "created_at": TEN, "merged_at": FIVE_PAST, "reviews": reviews}
    assert look(json.dumps([pull, {**pull, "number": 8}]), "pulls.json").proposal.kind == "pull_requests"


def test_what_names_stores_and_says_since_when_tells_of_stores() -> None:
    found = look("store_id,name,group,changed_at\nA,Alpha,x,2024-05-01T10:00:00Z\nB,Beta,y,2024-05-02T10:00:00Z\n")
    assert found.proposal.kind == "entities"
    assert found.rows[0]["name"] == "Alpha"
