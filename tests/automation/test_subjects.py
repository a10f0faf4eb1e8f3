"""What is told of a file goes by the id of the file, though it was found out by the job that loaded it."""

from dataclasses import replace

import pytest

from app.jobs import lifecycle
from app.storage.resources import Resources
from tests.catalogue.bringing import POLLS
from tests.commands import free_port, wait_until
from tests.conftest import api
from tests.deliveries.scene import NEVER, Scene, with_settings


def test_what_is_told_of_a_file_is_found_by_the_id_of_the_file(resources: Resources) -> None:
    allowing = resources.settings.model_copy(update={"webhook_allow": "127.0.0.0/8"})
    with api(replace(resources, settings=allowing), slots=1) as client:
        receiver = {"name": "all", "url": f"http://127.0.0.1:{free_port()}/", "events": ["*"]}
        assert client.post("/webhooks", json=receiver).status_code == 201
        dataset_id = client.post("/datasets?kind=polls", content=POLLS).json()["dataset_id"]
        (found,) = wait_until(lambda: client.get("/deliveries").json()["deliveries"])
        assert (found["event"], found["subject"]) == ("dataset.ready", dataset_id)
        (listed,) = client.get(f"/deliveries?subject={dataset_id}").json()["deliveries"]
        assert listed["delivery_id"] == found["delivery_id"]


@pytest.mark.parametrize(
    ("params", "facts"),
    [
        ({"period": "2026-W44", "from": None, "to": None}, [["Period", "2026-W44"]]),
        ({"from": "2026-10-01", "to": "2026-10-05"}, [["From", "2026-10-01"], ["To", "2026-10-05"]]),
        ({}, []),
    ],
)
def test_what_is_told_of_a_report_says_what_time_it_is_about(
    resources: Resources, params: dict[str, str], facts: list[list[str]]
) -> None:
    scene = Scene(with_settings(resources))
    scene.webhook(free_port())
    with scene.engine.begin() as connection:
        report_id = lifecycle.create(connection, kind="dummy", params=params, params_sha256="")
        assert report_id is not None
    with scene.engine.begin() as connection:
        lifecycle.cancel(connection, report_id)
    scene.relay.handle_waiting(NEVER)
    (one,) = scene.deliveries.page(status=None, webhook=None, subject=report_id, cursor=None, limit=9).items
    assert one.payload["data"]["facts"] == [["Report", "dummy"], *facts]
