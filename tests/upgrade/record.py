"""Records an installation of the version before for the tests here: ``python -m tests.upgrade.record CHECKOUT``.

CHECKOUT is a checkout of that version with its .venv, made with its own ``make setup``. Its program does all the work:
it loads files, answers, makes reports; then its only worker is killed while it checks a file and other jobs wait. What
there is after that is written into earlier/:

    database.sql   the whole database, by pg_dump
    redis.json     the stream, who has read what of it, and the hashes of jobs with what is left of their time to live
    objects/       the bucket
    answers.json   what the API says, without links; when; which id is whose; the revision of the database
    home.json      the folder of the embedded servers: names, modes, and the shape of its files
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import Any, Final

import boto3
import httpx2
import psycopg2
import redis

from tests.commands import free_port, wait_until
from tests.upgrade import homes
from tests.upgrade.dumping import dump
from tests.upgrade.earlier import GROUP, RECORDED, STREAM

#: The advisory lock that the version before holds while it checks and merges a file.
LOAD_LOCK: Final = 0x6C6F6164

#: The longest lease of the version before, and a sweep after it, seconds.
LEASE_IS_OVER: Final = 45

#: The name of a replica, which begins with that of its machine.
REPLICA: Final = re.compile(re.escape(socket.gethostname()) + r"(-\d+-[0-9a-f]{6})")

POLLS: Final = "store_id,status,timestamp_utc\n"

#: Loaded from the disk, which left no dataset in the version before.
LOADED: Final = {
    "hours": "store_id,day,start_time_local,end_time_local\n"
    + "".join(f"s1,{day},09:00:00,17:30:00\n" for day in range(7))
    + "s2,0,22:00:00,02:00:00\n",
    "timezones": "store_id,timezone_str\ns1,Europe/Berlin\n",
    "review_times": "review_time,team,date,merge_time\n"
    "0,Search,2024-10-09,325\n40784,Search,2024-10-10,905\n569,Payments,2024-10-11,\n",
}

#: Uploaded. The first is ready with two rows left out, the second rejected; the third comes to nothing new.
READY: Final = (
    POLLS
    + "".join(
        f"{store},{status},2023-01-{day} {hour:02}:17:05.123456 UTC\n"
        for store, status in (("s1", "active"), ("s2", "inactive"), ("s3", "active"))
        for day in (23, 24, 25)
        for hour in (8, 9, 13, 23)
    )
    + "s1,up,2023-01-25 12:00:00 UTC\ns1,active,yesterday\n"
)
REJECTED: Final = POLLS + "s1,active,2023-01-25 12:00:00 UTC\n=s1,broken,2023-01-25 13:00:00 UTC\n"
ZONES: Final = "store_id,timezone_str\ns2,Asia/Tokyo\ns4,Asia/Kathmandu\n"
PULL_REQUESTS: Final = (
    "repo,number,team,author,created_at,ready_at,first_review_at,merged_at,closed_at\n"
    "api,1,Search,ada,2024-10-09T08:29:22Z,,2024-10-10T13:38:03Z,2024-10-11T12:34:38Z,2024-10-11T12:34:38Z\n"
    "api,2,Payments,bob,2024-10-09T08:47:54Z,,,,\n"
)

#: Being checked when the worker is killed; waiting behind it; sent in part.
HALF_CHECKED: Final = POLLS + "".join(f"s9,active,2023-01-24 {hour:02}:30:00 UTC\n" for hour in range(24))
WAITING: Final = "store_id,timezone_str\ns9,America/Lima\n"
PARTIAL: Final = POLLS + "s8,active,2023-01-24 10:00:00 UTC\ns8,inactive,2023-01-24 11:00:00 UTC\n"
SENT_BYTES: Final = 50

UPTIME: Final = {
    "report": "uptime",
    "params": {"as_of": "2023-01-25T18:00:00Z", "stores": ["s1", "s2"], "hourly": True},
}

FLOW: Final = {"report": "pull_requests", "params": {"charts": False}}


@dataclass(frozen=True)
class Earlier:
    """The program of the version before, on a home."""

    checkout: Path
    home: Path
    variables: Mapping[str, str]

    def run(self, *arguments: str) -> str:
        done = subprocess.run(self._command(*arguments), **self._how(), capture_output=True, text=True, check=True)
        return str(done.stdout)

    @contextmanager
    def started(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        """In a process group of its own, which is killed if it is still there in the end."""
        process = subprocess.Popen(self._command(*arguments), **self._how(), start_new_session=True)
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _command(self, *arguments: str) -> list[str]:
        return [str(self.checkout / ".venv/bin/python"), "-m", "app", *arguments]

    def _how(self) -> dict[str, Any]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENHOURS_")}
        own = {"OPENHOURS_HOME": str(self.home), "OPENHOURS_DRAIN_SECONDS": "0", **self.variables}
        return {"cwd": self.checkout, "env": kept | own}


class Api:
    """The API of the version before."""

    def __init__(self, address: str) -> None:
        self.http = httpx2.Client(base_url=address, timeout=60)

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, params=query).raise_for_status().json()

    def bring(self, kind: str, content: str, *, filename: str, wait: int = 30, **query: Any) -> str:
        """Upload a file; with ``wait`` until it is ready or rejected. Returns the dataset's id."""
        form = {"file": (filename, content.encode(), "text/csv")}
        answer = self.http.post("/datasets", params={"kind": kind, **query}, files=form)
        dataset_id = str(answer.raise_for_status().json()["dataset_id"])
        while wait and self.get(f"/datasets/{dataset_id}", wait=wait)["status"] not in {"ready", "rejected"}:
            pass
        return dataset_id

    def begin_upload(self, kind: str, content: str, *, sent: int) -> str:
        tus = {"Tus-Resumable": "1.0.0"}
        named = f"kind {b64encode(kind.encode()).decode()},filename {b64encode(b'partial.csv').decode()}"
        begun = {"Upload-Length": str(len(content)), "Upload-Metadata": named}
        place = self.http.post("/uploads", headers=tus | begun).raise_for_status().headers["location"]
        here = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        self.http.patch(place, content=content[:sent], headers=tus | here).raise_for_status()
        return str(place.rpartition("/")[2])

    def trigger(self, body: Mapping[str, Any], *, wait: int = 0, key: str | None = None) -> str:
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = self.http.post("/trigger_report", json=body, params={"wait": wait} if wait else {}, headers=headers)
        return str(answer.raise_for_status().json()["report_id"])


def main(checkout: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="earlier-") as folder:
        home, variables = Path(folder) / "home", {"OPENHOURS_SLOTS": "1"}
        earlier, port = Earlier(checkout, home, variables), free_port()
        with earlier.started("serve", "--slots", "0", "--port", str(port)) as server:
            api = Api(f"http://127.0.0.1:{port}")
            wait_until(lambda: _is_ready(api), server)
            servers = _servers(earlier)
            ids = _live_on(earlier, api, Path(folder), servers)
            shutil.rmtree(RECORDED, ignore_errors=True)
            RECORDED.mkdir()
            _write("answers.json", _answers(api, ids) | {"revision": _revision(servers)})
            _write("redis.json", _redis(servers))
            _write_text("database.sql", dump(servers["OPENHOURS_DATABASE_URL"]))
            _copy_objects(servers)
            recorded = homes.shape(home)
            server.send_signal(signal.SIGINT)
            server.wait(60)
            _write("home.json", recorded | {"paths": homes.paths(home)})


def _is_ready(api: Api) -> bool:
    try:
        return api.http.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def _servers(earlier: Earlier) -> dict[str, str]:
    """Where its servers are, as its ``env`` tells."""
    lines = re.findall(r"^export (\w+)=(.*)$", earlier.run("env"), re.MULTILINE)
    return {name: value.strip("'") for name, value in lines}


def _live_on(earlier: Earlier, api: Api, folder: Path, servers: Mapping[str, str]) -> dict[str, str]:
    """Use the installation; returns the ids of what there is by its name."""
    for kind, content in LOADED.items():
        path = folder / f"{kind}.csv"
        path.write_text(content)
        told = earlier.run("load", kind, str(path))
    sample = re.search(r"dataset ([0-9a-f]{32})", told)
    assert sample is not None, told
    ids = {"sample": sample[1]}
    on_sample = FLOW | {"params": FLOW["params"] | {"source": ids["sample"]}}
    lock = psycopg2.connect(servers["OPENHOURS_DATABASE_URL"])
    with earlier.started("worker", "--port", "0") as worker:
        options = {"on_error": "skip_rows", "max_errors": 5}
        ids["ready"] = api.bring("polls", READY, filename="polls.csv", **options)
        ids["rejected"] = api.bring("polls", REJECTED, filename="broken.csv")
        ids["zones"] = api.bring("timezones", ZONES, filename="zones.csv")
        ids["pull_requests"] = api.bring("pull_requests", PULL_REQUESTS, filename="pull_requests.csv")
        ids["uptime"] = api.trigger(UPTIME, wait=30, key="wednesday")
        ids["flow"] = api.trigger(FLOW, wait=30)
        ids["on_sample"] = api.trigger(on_sample, wait=30)
        ids["partial"] = api.begin_upload("polls", PARTIAL, sent=SENT_BYTES)
        with lock.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", (LOAD_LOCK,))
        ids["half_checked"] = api.bring("polls", HALF_CHECKED, filename="half.csv", wait=0)
        wait_until(lambda: _runs(lock), worker)
        ids["queued_uptime"] = api.trigger(UPTIME)
        ids["queued_on_sample"] = api.trigger(on_sample, key="thursday")
        ids["waiting"] = api.bring("timezones", WAITING, filename="waiting.csv", wait=0)
        ids["cancelled"] = api.trigger(UPTIME)
        api.http.delete(f"/reports/{ids['cancelled']}").raise_for_status()
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    lock.close()
    sleep(LEASE_IS_OVER)
    _read_and_die(servers)
    return ids


def _read_and_die(servers: Mapping[str, str]) -> None:
    """Do what a worker has done that dies when it has read an entry and has yet to claim the report."""
    with redis.Redis.from_url(servers["OPENHOURS_REDIS_URL"]) as client:
        client.xreadgroup(GROUP, "replica-0-000000", {STREAM: ">"}, count=1)


def _runs(connection: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        waiting = cursor.fetchone()[0]
    return bool(waiting)


def _answers(api: Api, ids: Mapping[str, str]) -> dict[str, Any]:
    """What the API says of everything; links are left out, because they are signed for an hour."""
    reports, datasets = api.get("/reports", limit=100), api.get("/datasets", limit=100)
    paths = [
        *(f"/entities?kind={kind}" for kind in ("store", "team", "repository")),
        *(f"/entities/store/{key}" for key in ("s1", "s2", "s3")),
        *(f"/get_report?report_id={row['report_id']}" for row in reports["reports"]),
        *(f"/datasets/{row['dataset_id']}" for row in datasets["datasets"]),
        *(f"/reports/{ids[name]}/summary" for name in ("flow", "on_sample")),
    ]
    answers = {path: api.http.get(path).json() for path in paths}
    answers |= {"/reports?limit=100": reports, "/datasets?limit=100": datasets}
    return {"recorded_at": datetime.now(UTC).isoformat(), "ids": dict(ids), "answers": without_links(answers)}


def without_links(value: Any) -> Any:
    """The same JSON with every ``url`` null."""
    match value:
        case dict():
            return {key: None if key == "url" else without_links(part) for key, part in value.items()}
        case list():
            return [without_links(part) for part in value]
        case _:
            return value


def _revision(servers: Mapping[str, str]) -> str:
    with closing(psycopg2.connect(servers["OPENHOURS_DATABASE_URL"])) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT version_num FROM alembic_version")
        return str(cursor.fetchone()[0])


def _redis(servers: Mapping[str, str]) -> Any:
    with redis.Redis.from_url(servers["OPENHOURS_REDIS_URL"], decode_responses=True, protocol=2) as client:
        keys = sorted(client.scan_iter())
        assert {client.type(key) for key in keys if key != STREAM} == {"hash"}, keys
        pending = client.xpending_range(STREAM, GROUP, min="-", max="+", count=1000)
        return {
            "entries": client.xrange(STREAM),
            "read": [{key: entry[key] for key in ("message_id", "consumer")} for entry in pending],
            "hashes": {key: {"fields": client.hgetall(key), "ttl": client.ttl(key)} for key in keys if key != STREAM},
        }


def _copy_objects(servers: Mapping[str, str]) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=servers["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=servers["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=servers["AWS_SECRET_ACCESS_KEY"],
        region_name=servers["AWS_REGION"],
    )
    bucket = servers["OPENHOURS_S3_BUCKET"]
    for item in client.list_objects_v2(Bucket=bucket)["Contents"]:
        path = RECORDED / "objects" / item["Key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())


def _write(name: str, content: Any) -> None:
    _write_text(name, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _write_text(name: str, text: str) -> None:
    (RECORDED / name).write_text(REPLICA.sub(r"replica\1", text), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
