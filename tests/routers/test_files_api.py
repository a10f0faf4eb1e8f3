"""Files through the service: parts, conditions, names that lie, readers that go; and links, which are recorded."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.access import seldom
from app.access.modes import Mode
from app.access.principal import Principal, acting_as
from app.errors import ReplicaUnavailable
from app.ids import new_id
from app.jobs.links import Links
from app.reports.service import ReportService
from app.routers import downloads
from app.routers.downloads import Downloads, disposition
from app.settings import Settings
from app.storage.resources import Addresses, Resources
from app.web.server import serving
from tests.access.audit_rows import last_id, rows_of
from tests.commands import wait_until
from tests.conftest import api, fresh_resources

#: More than a block, and no multiple of one.
CONTENT = bytes(range(256)) * 700 + b"end"
SHA256 = hashlib.sha256(CONTENT).hexdigest()

#: Names that would end a header, or lead elsewhere, if they were written as they are.
LYING = ('a "b".csv', "x\r\nSet-Cookie: a=b.csv", "..\\..\\evil.csv", "ünï €.csv", ".profile", "a;b=c.csv")


def insert_report(resources: Resources, *names: str, status: str = "complete") -> str:
    """A report with files of these names; all have the same content."""
    report_id = new_id(datetime.now(UTC))
    files = []
    for number, name in enumerate(names):
        key = f"reports/{report_id}/a1/{number}"
        resources.object_store.put_bytes(CONTENT, key, media_type="text/csv")
        files.append(
            {"name": name, "key": key, "media_type": "text/csv", "bytes": len(CONTENT), "rows": 1, "sha256": SHA256}
        )
    with resources.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO report (id, kind, params, params_sha256, status, finished_at, artifacts) "
                "VALUES (:id, 'uptime', '{}', '', :status, now(), CAST(:files AS jsonb))"
            ),
            {"id": report_id, "status": status, "files": json.dumps(files) if files else None},
        )
    return report_id


@pytest.fixture(scope="module")
def store(servers: Addresses, session_settings: Settings) -> Iterator[Resources]:
    with fresh_resources(servers, session_settings) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def client(store: Resources) -> Iterator[TestClient]:
    with api(store, slots=0) as client:
        yield client


@pytest.fixture(scope="module")
def report_id(store: Resources) -> str:
    return insert_report(store, "uptime.csv", "hourly.csv")


def through(resources: Resources, **more: Any) -> Resources:
    return replace(resources, settings=resources.settings.model_copy(update={"downloads": "through", **more}))


def test_a_file_comes_whole_with_its_name_size_and_tag(client: TestClient, report_id: str) -> None:
    answer = client.get(f"/reports/{report_id}/files/uptime.csv")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "text/csv"
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["etag"] == f'"{SHA256}"'
    assert answer.headers["content-disposition"] == 'attachment; filename="uptime.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["accept-ranges"] == "bytes"
    assert "no-cache" in answer.headers["cache-control"]


def test_head_says_the_same_without_the_bytes(client: TestClient, report_id: str) -> None:
    address = f"/reports/{report_id}/files/uptime.csv"
    head, whole = client.head(address), client.get(address)
    assert (head.status_code, head.content) == (200, b"")
    apart = {"x-request-id"}
    assert {name: value for name, value in head.headers.items() if name not in apart} == {
        name: value for name, value in whole.headers.items() if name not in apart
    }


@pytest.mark.parametrize(
    ("wanted", "first", "end"),
    [("bytes=0-0", 0, 1), ("bytes=70000-140000", 70_000, 140_001), ("bytes=-3", len(CONTENT) - 3, len(CONTENT))],
)
def test_a_part_is_that_part(client: TestClient, report_id: str, wanted: str, first: int, end: int) -> None:
    answer = client.get(f"/reports/{report_id}/files/uptime.csv", headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (206, CONTENT[first:end])
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["content-length"] == str(end - first)


def test_a_part_is_read_to_its_end_where_s3_sends_the_checksum_of_the_whole(store: Resources) -> None:
    store.object_store.put_bytes(b"0123456789", "reports/x/a1/part", media_type="text/plain")
    with store.object_store.read("reports/x/a1/part", span=(2, 5)) as part:
        assert [part.read(10), part.read(10)] == [b"234", b""]


def test_a_part_beyond_the_end_is_refused_with_the_size(client: TestClient, report_id: str) -> None:
    answer = client.get(f"/reports/{report_id}/files/uptime.csv", headers={"Range": f"bytes={len(CONTENT)}-"})
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_whoever_has_the_file_gets_no_bytes(client: TestClient, report_id: str) -> None:
    answer = client.get(f"/reports/{report_id}/files/uptime.csv", headers={"If-None-Match": f'"{SHA256}"'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", f'"{SHA256}"')


def link_to(store: Resources, report_id: str, *, seconds: int) -> str:
    settings = store.settings.model_copy(update={"link_ttl_seconds": seconds})
    state = ReportService(replace(store, settings=settings)).poll(report_id)
    return state.files[0].url  # type: ignore[union-attr]


def opens(link: str) -> bool:
    """S3 says 403 to whoever may not; the embedded endpoint says 400 of a link that has ended."""
    answer = httpx2.get(link)
    assert answer.status_code in {200, 400, 403}
    assert (answer.status_code == 200) == (answer.content == CONTENT)
    return answer.status_code == 200


def test_attack_74_a_link_that_was_changed_opens_nothing(store: Resources, report_id: str) -> None:
    link = link_to(store, report_id, seconds=600)
    assert opens(link)
    for changed in (
        link.replace("a1/0?", "a1/1?"),
        link.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"),
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.split("?")[0],
    ):
        assert changed != link
        assert not opens(changed), changed


def test_attack_74_a_link_that_has_ended_opens_nothing(store: Resources, report_id: str) -> None:
    link = link_to(store, report_id, seconds=1)
    signed = datetime.strptime(parse_qs(urlsplit(link).query)["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    wait_until(lambda: datetime.now(UTC) - signed > timedelta(seconds=2))
    assert not opens(link)


@pytest.mark.parametrize(
    "path",
    [
        "files/nothing.csv",
        "files/..%2fuptime.csv",
        "files/%2e%2e%2f%2e%2e%2fraw",
        "files/uptime.csv%00",
        "files/",
        "files/UPTIME.CSV",
    ],
)
def test_attack_75_a_name_that_the_report_does_not_have_is_not_found(
    client: TestClient, report_id: str, path: str
) -> None:
    assert client.get(f"/reports/{report_id}/{path}").status_code == 404


def test_attack_75_a_file_of_another_report_is_not_found(client: TestClient, store: Resources, report_id: str) -> None:
    other = insert_report(store, "other.csv")
    answer = client.get(f"/reports/{report_id}/files/other.csv")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_file")
    assert answer.json()["allowed"] == ["uptime.csv", "hourly.csv"]
    assert client.get(f"/reports/{other}/files/other.csv").status_code == 200
    assert client.get(f"/reports/{'0' * 32}/files/other.csv").json()["code"] in {"unknown_report", "report_expired"}


@pytest.mark.parametrize("name", LYING)
def test_attack_75_no_name_leaves_its_header(client: TestClient, store: Resources, name: str) -> None:
    given = insert_report(store, name)
    answer = client.get(f"/reports/{given}/files/{quote(name, safe='')}")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    (header,) = answer.headers.get_list("content-disposition")
    plain, _, encoded = header.removeprefix('attachment; filename="').partition("\"; filename*=UTF-8''")
    assert header.startswith("attachment; filename=")
    assert not set(plain) & set('"\\\r\n;/')
    assert not plain.startswith(".")
    assert encoded == quote(name, safe="")


def test_a_name_that_is_nothing_but_dots_still_gets_one() -> None:
    assert disposition("..") == "attachment; filename=\"file\"; filename*=UTF-8''.."


@pytest.mark.parametrize("status", ["queued", "failed", "cancelled"])
def test_a_report_that_is_not_complete_has_no_files(client: TestClient, store: Resources, status: str) -> None:
    answer = client.get(f"/reports/{insert_report(store, status=status)}/files/uptime.csv")
    assert (answer.status_code, answer.json()["code"]) == (409, "report_not_complete")


def test_rejected_rows_of_a_dataset_come_through_the_service_too(client: TestClient, store: Resources) -> None:
    made = client.post("/datasets?kind=hours", content=b"store_id\n", headers={"Content-Type": "text/csv"})
    dataset_id = made.json()["dataset_id"]
    address = f"/datasets/{dataset_id}/files/rejects.csv"
    assert client.get(address).json()["code"] == "unknown_file"
    rejects = insert_report(store, "rejects.csv")
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE report SET status = 'complete', artifacts = (SELECT artifacts FROM report WHERE id = :rejects) "
                "WHERE id = (SELECT job_id FROM dataset WHERE id = :id)"
            ),
            {"rejects": rejects, "id": dataset_id},
        )
    assert client.get(address).content == CONTENT
    assert client.head(address).headers["etag"] == f'"{SHA256}"'
    assert client.get(f"/datasets/{'0' * 32}/files/rejects.csv").json()["code"] == "unknown_dataset"


def test_polls_give_the_address_of_the_service_where_s3_is_not_to_be_reached(store: Resources, report_id: str) -> None:
    for more, base in (
        ({}, ""),
        ({"root_path": "/openhours"}, "/openhours"),
        (
            {"root_path": "/openhours", "public_url": "https://reports.example/openhours/"},
            "https://reports.example/openhours",
        ),
    ):
        state = ReportService(through(store, **more)).poll(report_id)
        assert [file.url for file in state.files] == [  # type: ignore[union-attr]
            f"{base}/reports/{report_id}/files/{name}" for name in ("uptime.csv", "hourly.csv")
        ]


def test_that_address_answers_below_the_path_of_a_proxy(store: Resources, report_id: str) -> None:
    with api(through(store, root_path="/openhours"), slots=0) as client:
        answer = client.get("/get_report", params={"report_id": report_id}).json()
        assert answer["url"] == answer["files"][0]["url"] == f"/openhours/reports/{report_id}/files/uptime.csv"
        assert client.get(answer["url"]).content == CONTENT


@pytest.mark.parametrize(
    ("given", "mode", "seconds"),
    [
        (None, Mode.LOCAL, 3600),
        (None, Mode.ON, 300),
        (None, Mode.PROXY, 300),
        (60, Mode.LOCAL, 60),
        (7200, Mode.ON, 7200),
    ],
)
def test_a_link_lasts_as_long_as_the_mode_or_the_setting_says(
    store: Resources, report_id: str, given: int | None, mode: Mode, seconds: int
) -> None:
    own = replace(store, settings=store.settings.model_copy(update={"link_ttl_seconds": given}))
    before = last_id(store.engine)
    state = ReportService(own, links=Links(own, mode)).poll(report_id)
    link = state.files[0].url  # type: ignore[union-attr]
    assert parse_qs(urlsplit(link).query)["X-Amz-Expires"] == [str(seconds)]
    (row,) = rows_of(store.engine, after=before)
    assert (row.action, row.object_kind, row.object_id) == ("link.made", "report", report_id)
    assert row.detail == {"files": ["uptime.csv", "hourly.csv"], "seconds": seconds}


def test_a_poll_a_second_records_its_links_once_a_minute_for_each_principal(
    store: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_id = insert_report(store, *(f"{number}.csv" for number in range(19)))
    now = 1000.0
    monkeypatch.setattr(seldom, "monotonic", lambda: now)
    service = ReportService(store)
    before = last_id(store.engine)
    ada, bob = (Principal(name=name, via="key", scopes=frozenset()) for name in ("ada", "bob"))
    for _ in range(120):
        for who in (ada, bob):
            with acting_as(who):
                service.poll(report_id)
        now += 1
    rows = rows_of(store.engine, after=before)
    assert [row.actor_name for row in rows] == ["ada", "bob"] * 2
    assert all(len(row.detail["files"]) == 19 for row in rows)


def test_a_link_is_not_given_when_it_cannot_be_recorded(store: Resources, report_id: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
    try:
        with api(store, slots=0) as client:
            answer = client.get("/get_report", params={"report_id": report_id})
            assert (answer.status_code, answer.json()["code"]) == (503, "not_migrated")
            assert "X-Amz" not in answer.text
    finally:
        with store.engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO audit"))


def test_reading_a_file_is_recorded_and_makes_no_link(client: TestClient, store: Resources) -> None:
    report_id = insert_report(store, "uptime.csv")
    before = last_id(store.engine)
    for _ in range(3):
        client.get(f"/reports/{report_id}/files/uptime.csv", headers={"Range": "bytes=0-9"})
    (row,) = rows_of(store.engine, after=before)
    assert (row.action, row.object_id, row.detail) == ("file.read", report_id, {"files": ["uptime.csv"]})


def test_each_replica_serves_so_many_readers_and_of_one_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST", 3)
    monkeypatch.setattr(downloads, "MOST_OF_ONE", 2)
    one = Downloads()
    one._take_place("ada")
    one._take_place("ada")
    with pytest.raises(ReplicaUnavailable, match="2 downloads of yours and 2 in all are open"):
        one._take_place("ada")
    one._take_place("bob")
    with pytest.raises(ReplicaUnavailable) as refused:
        one._take_place("eve")
    assert refused.value.retry_after_seconds == 5
    one._leave("ada")
    one._take_place("eve")


def test_a_reader_that_goes_away_leaves_its_place_and_its_connection(
    store: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each holds more than the sockets take, so that the service is in the middle when the reader goes."""
    monkeypatch.setattr(downloads, "MOST_OF_ONE", 1)
    report_id = new_id(datetime.now(UTC))
    size = 12 << 20
    key = f"reports/{report_id}/a1/large"
    store.object_store.put_bytes(bytes(size), key, media_type="text/csv")
    file = {"name": "large.csv", "key": key, "media_type": "text/csv", "bytes": size, "rows": 1, "sha256": "0" * 64}
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO report (id, kind, params, params_sha256, status, finished_at, artifacts) "
                "VALUES (:id, 'uptime', '{}', '', 'complete', now(), CAST(:files AS jsonb))"
            ),
            {"id": report_id, "files": json.dumps([file])},
        )
    small = httpx2.HTTPTransport(socket_options=[(SOL_SOCKET, SO_RCVBUF, 65536)])
    with serving(store, slots=0) as address, httpx2.Client(transport=small) as http:
        url = f"{address}/reports/{report_id}/files/large.csv"
        with http.stream("GET", url) as first:
            blocks = first.iter_raw(1)  # kept: its end would be that of the connection
            assert next(blocks) == b"\0"
            assert http.get(url).json()["code"] == "replica_unavailable"
        assert wait_until(
            lambda: (answer := http.get(url, headers={"Range": "bytes=-5"})).status_code == 206 and answer.content
        ) == bytes(5)


@pytest.mark.parametrize("path", ["/get_report?report_id={}", "/reports/{}", "/reports/{}/files/uptime.csv"])
def test_attack_74_whoever_is_unknown_gets_no_link_and_no_file(store: Resources, report_id: str, path: str) -> None:
    guarded = replace(store, settings=store.settings.model_copy(update={"auth": "on"}))
    before = last_id(store.engine)
    with api(guarded, slots=0) as client:
        answer = client.get(path.format(report_id))
    assert answer.status_code == 401
    assert "X-Amz" not in answer.text
    assert [row.action for row in rows_of(store.engine, after=before) if row.outcome == "done"] == []
