"""The fields that say who is told: of a new report, a schedule and an upload; what is refused of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import select

from app.deliveries.tables import wish
from app.storage.resources import Resources
from tests.conftest import SAMPLE_DATA, load_file
from tests.console.browsing import error_at, local_browser, main_of, opened, rows_of, said, sent
from tests.console.filling import filled
from tests.web.test_addressed import with_settings

MAIL = {"smtp_url": SecretStr("smtp://127.0.0.1:1"), "mail_from": "hours@example.org", "mail_domains": "example.org"}


@pytest.fixture
def client(resources: Resources) -> Iterator[TestClient]:
    load_file(resources, "polls", SAMPLE_DATA / "polls.csv")
    with local_browser(with_settings(resources, webhook_allow="127.0.0.1", **MAIL), slots=0) as made:
        assert made.post("/webhooks", json={"name": "ops", "url": "http://127.0.0.1:1/"}).status_code == 201
        yield made


def wishes(resources: Resources) -> list[Any]:
    with resources.engine.connect() as connection:
        return list(connection.scalars(select(wish.c.notify)))


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"notify": ""}, None),
        ({"notify": " ,\r\n"}, None),
        ({"notify": "ops"}, {"to": ["ops"], "attach": ["csv"]}),
        ({"notify": "ops, Ada@Example.org\r\nops"}, {"to": ["ops", "Ada@example.org"], "attach": ["csv"]}),
        ({"notify": "ops", "notify__csv": False, "notify__page": True}, {"to": ["ops"], "attach": ["page"]}),
        ({"notify": "ops", "notify__csv": False}, {"to": ["ops"], "attach": []}),
    ],
)
def test_a_report_tells_who_was_named_in_its_form(
    client: TestClient, resources: Resources, values: dict[str, Any], wanted: Any
) -> None:
    form = opened(client, "/console/reports/new?kind=uptime").one("form", action="/console/reports/new")
    main_of(client.post("/console/reports/new", data=filled(form, values, "do=run")))
    assert wishes(resources) == ([] if wanted is None else [wanted])


def test_who_is_not_known_is_told_at_the_field_and_nothing_that_was_typed_is_lost(client: TestClient) -> None:
    fields = {"kind": "uptime", "do": "run", "notify": "ops\r\nopps", "notify__page": "true"}
    main = main_of(client.post("/console/reports/new", data=fields), 422)
    assert "opps" in error_at(main, "notify")
    assert "is neither the name of a webhook nor a mail address" in error_at(main, "notify")
    assert main.one(id="field-notify").text == "ops opps"
    assert "checked" not in main.one(id="field-notify__csv").attributes
    assert "checked" in main.one(id="field-notify__page").attributes
    many = "\r\n".join(f"hook-{at}" for at in range(51))
    assert "at most 50" in error_at(
        main_of(client.post("/console/reports/new", data={**fields, "notify": many}), 422), "notify"
    )
    elsewhere = main_of(client.post("/console/reports/new", data={**fields, "notify": "ada@elsewhere.net"}), 422)
    assert "OPENHOURS_MAIL_DOMAINS" in error_at(elsewhere, "notify")


def test_who_is_told_goes_along_when_a_form_is_saved_as_a_schedule(client: TestClient) -> None:
    form = opened(client, "/console/reports/new?kind=uptime").one("form", action="/console/reports/new")
    values = {"notify": "ops, ada@example.org", "notify__csv": False, "notify__page": True}
    main = main_of(client.post("/console/reports/new", data=filled(form, values, "do=schedule")))
    fields = filled(main.one("form", method="post"), {"name": "weekly"}, "do=save")
    assert said(sent(client, "/console/schedules/new", **fields)) == "It was added."
    wanted = {"to": ["ops", "ada@example.org"], "attach": ["page"]}
    assert client.get("/schedules/weekly").json()["notify"] == wanted
    shown = opened(client, "/console/schedules/weekly")
    assert "ops, ada@example.org Mails carry: the page to print" in shown.one("dl").text

    fields = filled(opened(client, "/console/schedules/weekly/edit").one("form", method="post"), {}, "do=save")
    assert said(sent(client, "/console/schedules/weekly/edit", **fields)) == "The change was saved."
    assert client.get("/schedules/weekly").json()["notify"] == wanted, "nothing was touched"
    wrong = main_of(client.post("/console/schedules/weekly/edit", data={**fields, "notify": "opps"}), 422)
    assert "opps" in error_at(wrong, "notify")
    nobody = {name: text for name, text in fields.items() if not name.startswith("notify")}
    sent(client, "/console/schedules/weekly/edit", **nobody)
    assert client.get("/schedules/weekly").json()["notify"] == {"to": [], "attach": []}
    assert "only webhooks that receive all events" in opened(client, "/console/schedules/weekly").text


def test_a_sync_tells_nobody(client: TestClient) -> None:
    source = {"name": "nowhere", "kind": "github", "repositories": ["acme/*"], "address": "http://127.0.0.1:1"}
    assert client.post("/sources", params={"check": False}, json=source).status_code == 201
    fields = {"name": "sync", "kind": "sync nowhere", "every": "hour", "timezone": "UTC", "do": "save", "notify": "ops"}
    assert error_at(main_of(client.post("/console/schedules/new", data=fields), 422), "notify")
    sent(client, "/console/schedules/new", **{**fields, "notify": ""})
    assert "Who is told" not in opened(client, "/console/schedules/sync").text


def test_an_upload_tells_who_was_named_in_its_choices(client: TestClient) -> None:
    page = opened(client, "/console/upload?kind=polls&notify=ops%2Cada%40example.org")
    assert page.one(id="field-notify")["value"] == "ops,ada@example.org"
    send_to = page.one("form", id="files")["action"]
    content = b"store_id,status,timestamp_utc\n1,active,2023-01-25T10:00:00Z\n"
    fields = {"kind": "polls", "notify": page.one(id="field-notify")["value"]}
    main = main_of(client.post(send_to, data=fields, files={"file": ("polls.csv", content, "text/csv")}))
    assert said(main) == "The file has arrived. It is being checked."
    assert rows_of(opened(client, "/console/files"), "Files")
    file = client.get("/datasets").json()["datasets"][0]["dataset_id"]
    options = client.get(f"/datasets/{file}").json()["options"]
    assert options["notify"] == ["ops", "ada@example.org"]
    refused = main_of(client.post("/console/upload?kind=polls&notify=opps", files={"file": ("a.csv", content)}), 422)
    assert "opps" in refused.one(id="refused").text
