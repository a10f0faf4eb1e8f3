"""Many triggers at once: the same one again and again, and more than the installation takes on."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos.asking import Answer, ask
from tests.chaos.conftest import Stage

#: Reports that may be outstanding in the storm.
LIMIT = 20

TRIGGERS = 200


@pytest.mark.chaos
def test_a_hundred_triggers_at_once_with_one_key_start_one_report(stage: Stage) -> None:
    key = uuid.uuid4().hex
    with stage(replicas=2, slots=1) as scene, ThreadPoolExecutor(100) as pool:
        ids = list(pool.map(lambda _: scene.clients.trigger("parcel", key=key), range(100)))
        found = scene.finish()
    assert scene.ledger.failures == []
    assert len(set(ids)) == 1
    assert (found.accepted, found.completed) == (1, 1)


@pytest.mark.chaos
def test_a_storm_of_triggers_is_turned_away_politely_and_nothing_accepted_is_lost(stage: Stage) -> None:
    with stage(replicas=2, slots=1, max_outstanding=LIMIT) as scene:

        def trigger(_: int) -> Answer:
            body = json.dumps({"report": "parcel", "params": {"seconds": 0.05}}).encode()
            address = f"{scene.clients.address}/trigger_report"
            return ask(address, "POST", body=body, headers={"Content-Type": "application/json"})

        with ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(trigger, range(TRIGGERS)))
        for answer in answers:
            if answer.status == 202:
                scene.ledger.accepted(answer.json["report_id"], "parcel", None)
        found = scene.finish()
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {202, 429}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert all(answer.json["code"] == "too_many_reports" for answer in refused)
    assert found.completed == found.accepted == TRIGGERS - len(refused)
