"""A file that is loaded on this machine is a dataset like any other: listed, kept as it came, reloadable, removable."""

import gzip
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.catalogue import foreground, job
from app.catalogue.foreground import bring_in
from app.catalogue.options import load_options
from app.catalogue.records import DatasetStatus
from app.catalogue.service import DatasetService, DatasetState
from app.errors import DatabaseUnavailable, DatasetBusy, RejectedFile
from app.jobs import lifecycle, records
from app.storage.resources import Resources
from app.web.application import create_app
from tests.catalogue.bringing import HEADER, POLLS, ended, keys_below, polls
from tests.conftest import stopping_soon
from tests.local_client import LocalClient

WRONG = HEADER + "s1,active,2023-01-22 12:00:00 UTC\ns1,up,2023-01-22 13:00:00 UTC\n"


def load(resources: Resources, path: Path, *, kind: str = "polls", **options: Any) -> DatasetState:
    chosen = load_options(**options)
    return bring_in(resources, kind, path, options=chosen, shown_as=str(path), told=lambda *_: None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "polls.csv"
    path.write_text(POLLS)
    return path


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    with stopping_soon(), LocalClient(create_app(resources, slots=1)) as client:
        yield client


def rows_of(resources: Resources, table: str) -> int:
    with resources.engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_it_is_ready_and_its_bytes_are_kept_as_they_came(resources: Resources, file: Path) -> None:
    state = load(resources, file)
    record = state.record
    assert (state.status, record.filename, record.rows_read, record.rows_accepted) == (
        DatasetStatus.READY,
        "polls.csv",
        3,
        3,
    )
    assert len(polls(resources)) == 3
    (key,) = keys_below(resources, "raw/")
    assert key == record.raw_key
    with resources.object_store.read(key) as stored:
        assert stored.read() == file.read_bytes()


def test_it_is_listed_reloadable_and_removable_with_its_rows(
    resources: Resources, file: Path, client: TestClient
) -> None:
    dataset_id = load(resources, file).record.id
    (listed,) = client.get("/datasets").json()["datasets"]
    assert (listed["dataset_id"], listed["status"]) == (dataset_id, "ready")
    assert client.post(f"/datasets/{dataset_id}/reload").status_code == 202
    assert ended(client, dataset_id)["rows_accepted"] == 3
    assert client.delete(f"/datasets/{dataset_id}?rows=true").status_code == 202
    for _ in range(100):
        if client.get(f"/datasets/{dataset_id}", params={"wait": 1}).status_code == 404:
            break
    assert polls(resources) == []
    assert keys_below(resources, "raw/") == []


def test_the_same_bytes_load_the_same_dataset_again(resources: Resources, file: Path) -> None:
    first = load(resources, file)
    with resources.engine.begin() as connection:
        connection.execute(text("UPDATE poll SET active = NOT active"))
    again = load(resources, file)
    assert again.record.id == first.record.id
    assert again.status is DatasetStatus.READY
    assert [active for _, _, active in polls(resources)] == [True, False, True]
    assert rows_of(resources, "dataset") == 1
    assert len(keys_below(resources, "raw/")) == 1


def test_a_wrong_file_is_kept_with_its_reason_and_can_be_loaded_with_other_options(
    resources: Resources, tmp_path: Path, client: TestClient
) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(WRONG)
    state = load(resources, path)
    assert state.status is DatasetStatus.REJECTED
    assert state.record.error_message is not None
    assert state.record.error_message.startswith("wrong.csv was not loaded: 1 of 2 rows")  # no path of this machine
    assert state.rejects is not None
    assert polls(resources) == []
    answer = client.post(f"/datasets/{state.record.id}/reload", params={"on_error": "skip_rows"})
    assert answer.status_code == 202
    assert ended(client, state.record.id)["rows_accepted"] == 1


def test_no_worker_begins_what_is_loaded_here(
    resources: Resources, file: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(*_: object, **__: object) -> None:
        (listed,) = client.get("/datasets").json()["datasets"]
        seen.append(listed["status"])

    monkeypatch.setattr(job.changes, "settle", _before(job.changes.settle, look))
    state = load(resources, file)
    assert state.status is DatasetStatus.READY
    assert seen in (["checking"], ["loading"])
    assert state.record.job is not None
    with resources.engine.connect() as connection:
        record = records.find(connection, state.record.job.id)
    assert record is not None
    assert record.attempt == 1


def _before(function: Any, look: Any) -> Any:
    def both(*args: Any, **options: Any) -> Any:
        look()
        return function(*args, **options)

    return both


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DatabaseUnavailable("Gone.")])
def test_a_load_that_breaks_off_leaves_nothing_behind(
    resources: Resources, file: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(job, "load", broken)
    with pytest.raises(type(error) if isinstance(error, KeyboardInterrupt) else Exception):
        load(resources, file)
    assert (rows_of(resources, "dataset"), rows_of(resources, "report"), polls(resources)) == (0, 0, [])
    assert keys_below(resources, "") == []


def test_a_second_load_that_breaks_off_leaves_the_first_as_it_was(
    resources: Resources, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(resources, file)

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(job, "load", broken)
        with pytest.raises(KeyboardInterrupt):
            load(resources, file)
    assert len(polls(resources)) == 3
    assert len(keys_below(resources, "raw/")) == 1
    assert load(resources, file).record.id == first.record.id


def test_bytes_that_could_not_be_kept_are_not_loaded(
    resources: Resources, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise foreground.OpenhoursError("no room")

    monkeypatch.setattr(resources.object_store, "put", full)
    with pytest.raises(foreground.OpenhoursError, match="no room"):
        load(resources, file)
    assert (rows_of(resources, "dataset"), polls(resources)) == (0, [])


def test_what_a_pipe_brings_is_loaded_and_kept(resources: Resources, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=(POLLS,))
    writer.start()
    state = load(resources, pipe)
    writer.join()
    assert (state.status, state.record.filename, state.record.rows_accepted) == (DatasetStatus.READY, "pipe", 3)
    assert len(keys_below(resources, "raw/")) == 1


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_what_cannot_be_read_is_no_dataset(resources: Resources, tmp_path: Path, name: str) -> None:
    with pytest.raises(RejectedFile, match="cannot be read"):
        load(resources, tmp_path / name)
    assert rows_of(resources, "dataset") == 0


def test_a_dataset_that_is_being_worked_on_is_not_loaded_beside_that(resources: Resources, file: Path) -> None:
    first = load(resources, file)
    DatasetService(resources).reload(first.record.id, options={})
    with pytest.raises(DatasetBusy):
        load(resources, file)


def test_the_lease_is_kept_while_it_takes_long(
    resources: Resources, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.foreground.BEAT_SECONDS", 0.05)
    renewed: list[float] = []
    renew = lifecycle.renew

    def heard(*args: Any) -> set[str]:
        renewed.append(monotonic())
        return renew(*args)

    monkeypatch.setattr(lifecycle, "renew", heard)
    settle = job.changes.settle

    def slow(*args: Any, **options: Any) -> None:
        deadline = monotonic() + 10
        while len(renewed) < 3 and monotonic() < deadline:
            pass
        settle(*args, **options)

    monkeypatch.setattr(job.changes, "settle", slow)
    assert load(resources, file).status is DatasetStatus.READY
    assert len(renewed) >= 3


def test_the_settings_bound_what_a_packed_file_unpacks_to(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "polls.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "s1,active,2023-01-22 12:00:00 UTC\n" * 5000).encode()))
    strict = resources.settings.model_copy(update={"max_unpack_ratio": 10, "unpack_floor_bytes": 0})
    state = load(replace(resources, settings=strict), path)
    assert (state.status, state.record.error_code) == (DatasetStatus.REJECTED, "unpacks_too_far")
    assert state.record.proposal is None  # a mapping would change nothing of that
    assert load(resources, path).status is DatasetStatus.READY
