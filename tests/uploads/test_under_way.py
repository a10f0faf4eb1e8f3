"""How many bytes of one client are under way, over several replicas; none of them loads anything here."""

from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.catalogue import under_way
from app.catalogue.options import LoadOptions
from app.catalogue.service import DatasetService
from app.catalogue.under_way import Sender
from app.errors import TooManyUploads
from app.ids import new_id
from app.settings import Settings
from app.storage.resources import Resources
from tests.conftest import api
from tests.routers.test_datasets_api import POLLS
from tests.uploads.catalogue import Catalogue

#: What one client may have under way, and the length of the largest file, bytes.
MOST, LARGEST = 30_000_000, 20_000_000

BLOCK = b"x" * 1_000_000


@pytest.fixture
def bounded(resources: Resources) -> Resources:
    limits = {"max_upload_bytes": LARGEST, "max_client_upload_bytes": MOST}
    return replace(resources, settings=resources.settings.model_copy(update=limits))


@pytest.fixture
def replicas(bounded: Resources) -> Iterator[tuple[TestClient, TestClient]]:
    with api(bounded, slots=0) as one, api(bounded, slots=0) as other:
        yield one, other


def create(client: TestClient, length_bytes: int) -> httpx2.Response:
    kind = b64encode(b"polls").decode()
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(length_bytes), "Upload-Metadata": f"kind {kind}"}
    return client.post("/uploads", headers=headers)


def in_blocks(count: int) -> Iterator[bytes]:
    """A body whose length is not announced."""
    for _ in range(count):
        yield BLOCK


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_client_may_have_so_many_bytes_under_way_whatever_replica_it_asks_and_however_they_come(
    replicas: tuple[TestClient, TestClient],
) -> None:
    one, other = replicas
    first, second = create(one, 16_000_000), create(other, 10_000_000)
    assert (first.status_code, second.status_code) == (201, 201)
    refused = [
        create(other, 4_000_001),
        one.post("/datasets?kind=polls", content=BLOCK * 5),
        one.post("/datasets?kind=polls", files={"file": ("a.csv", BLOCK * 5)}),
        other.post("/datasets?kind=polls", content=in_blocks(5)),
    ]
    assert [code(answer) for answer in refused] == [(429, "too_many_uploads")] * 4
    for answer in refused:
        assert int(answer.headers["retry-after"]) >= 1
        for told in ("26,000,000 bytes", "30,000,000", "OPENHOURS_MAX_CLIENT_UPLOAD_BYTES", "DELETE"):
            assert told in answer.json()["detail"]
    assert "2 uploads" in refused[0].json()["detail"]
    assert create(other, 4_000_000).status_code == 201
    assert one.delete(first.headers["location"], headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    assert create(other, 16_000_000).status_code == 201


def test_a_file_counts_by_the_bytes_that_came_until_it_is_loaded_or_rejected(
    bounded: Resources, replicas: tuple[TestClient, TestClient]
) -> None:
    one, other = replicas
    assert one.post("/datasets?kind=polls", content=in_blocks(9)).status_code == 202
    assert one.post("/datasets?kind=polls", files={"file": ("b.csv", BLOCK * 11)}).status_code == 202
    assert code(create(other, 10_000_001)) == (429, "too_many_uploads")
    assert create(other, 10_000_000).status_code == 201
    with api(bounded, slots=1) as worker:
        datasets = worker.get("/datasets").json()["datasets"]
        waiting = [found["dataset_id"] for found in datasets if found["status"] != "uploading"]
        ends = [worker.get(f"/datasets/{one}", params={"wait": 30}).json()["status"] for one in waiting]
    assert ends == ["rejected", "rejected"]
    assert create(other, 20_000_000).status_code == 201
    with bounded.engine.connect() as connection:
        found = connection.execute(text("SELECT outcome, client, reserved_bytes FROM dataset WHERE outcome <> ''"))
        assert set(found) == {("rejected", None, None)}


def test_a_loaded_file_is_not_under_way(bounded: Resources, replicas: tuple[TestClient, TestClient]) -> None:
    accepted = replicas[0].post("/datasets?kind=polls", content=POLLS).json()
    with api(bounded, slots=1) as worker:
        found = worker.get(f"/datasets/{accepted['dataset_id']}", params={"wait": 30}).json()
    assert found["status"] == "ready"
    with bounded.engine.connect() as connection:
        assert connection.execute(text("SELECT client, reserved_bytes FROM dataset")).all() == [(None, None)]


def test_a_failed_load_is_not_under_way(bounded: Resources, replicas: tuple[TestClient, TestClient]) -> None:
    assert replicas[0].post("/datasets?kind=polls", content=BLOCK * 19).status_code == 202
    assert code(create(replicas[1], LARGEST)) == (429, "too_many_uploads")
    with bounded.engine.begin() as connection:
        connection.execute(text("UPDATE report SET status = 'failed'"))
    assert create(replicas[1], LARGEST).status_code == 201


def test_of_a_file_that_grows_beyond_the_bound_nothing_is_kept(
    bounded: Resources, replicas: tuple[TestClient, TestClient]
) -> None:
    assert create(replicas[0], 18_000_000).status_code == 201
    refused = replicas[1].post("/datasets?kind=polls", content=in_blocks(19))
    assert code(refused) == (429, "too_many_uploads")
    assert [found["status"] for found in replicas[0].get("/datasets").json()["datasets"]] == ["uploading"]
    assert Catalogue(bounded).objects() == set()


def test_of_files_that_begin_at_the_same_moment_no_more_are_taken_than_fit(bounded: Resources) -> None:
    datasets = DatasetService(bounded)

    def begin(_: int) -> bool:
        try:
            with bounded.engine.begin() as connection:
                datasets.register(
                    connection,
                    dataset_id=new_id(datetime.now(UTC)),
                    kind="polls",
                    filename=None,
                    options=LoadOptions(),
                    sha256=None,
                    sender=Sender("192.0.2.7", 10_000_000),
                )
                connection.execute(text("SELECT pg_sleep(0.05)"))  # the others ask meanwhile
        except TooManyUploads:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(begin, range(6))) == [False] * 3 + [True] * 3


def test_other_clients_have_their_own_share(bounded: Resources, replicas: tuple[TestClient, TestClient]) -> None:
    assert create(replicas[0], LARGEST).status_code == 201
    with bounded.engine.begin() as connection:
        here = connection.scalar(text("SELECT client FROM dataset"))
        under_way.require_share(connection, Sender("192.0.2.7", MOST), most_bytes=MOST)
        with pytest.raises(TooManyUploads):
            under_way.require_share(connection, Sender(here, MOST - LARGEST + 1), most_bytes=MOST)


def test_the_bound_leaves_room_for_the_largest_file() -> None:
    assert Settings(max_upload_bytes=10).client_upload_bytes == 40
    assert Settings(max_upload_bytes=10, max_client_upload_bytes=10).client_upload_bytes == 10
    with pytest.raises(ValueError, match="OPENHOURS_MAX_UPLOAD_BYTES"):
        Settings(max_upload_bytes=10, max_client_upload_bytes=9)
