"""What is told of a file goes by the id of the file, though it was found out by the job that loaded it."""

from dataclasses import replace

from app.storage.resources import Resources
from tests.catalogue.bringing import POLLS
from tests.commands import free_port, wait_until
from tests.conftest import api


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
