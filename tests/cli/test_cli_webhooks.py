"""The commands about webhooks and deliveries."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from app.events.types import TYPES
from app.storage.resources import Resources
from tests.cli.telling import VARIABLES, telling_server
from tests.commands import CommandLine, Outcome, free_port
from tests.sending.receiver import receiver

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 13\r\n\r\nback at seven"
LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


@pytest.fixture
def server(resources: Resources) -> Iterator[str]:
    with telling_server(resources, slots=1) as address:
        yield address


@pytest.fixture(scope="module")
def refusing(untouched: Resources) -> Iterator[str]:
    with telling_server(untouched, slots=0) as address:
        yield address


def lines(outcome: Outcome) -> list[str]:
    assert outcome.code == 0, outcome.err
    return [line.rstrip() for line in outcome.out.splitlines()]


def test_a_webhook_is_made_looked_at_changed_and_removed(cli: CommandLine, server: str) -> None:
    def webhooks(*arguments: str) -> list[str]:
        return lines(cli("webhooks", *arguments, "--server", server))

    url = "https://hooks.example.com/openhours"
    made = cli(
        "webhooks", "add", "ops", url, "--event", "report.failed", "--description", "on call", "--server", server
    )
    assert made.out.startswith("whsec_")
    assert made.out.count("\n") == 1
    assert "is not shown again:" in made.err
    shown = [
        f"ops: standard to {url}, enabled",
        "on call",
        "told of: report.failed",
        "deliveries: 0 waiting, 0 delivered, 0 failed",
    ]
    assert webhooks("show", "ops") == shown
    assert webhooks("list") == [
        " name  format    events         waiting  delivered  failed  state",
        " ops   standard  report.failed  0        0          0       enabled",
    ]
    assert webhooks("set", "ops", "--event", "*", "--format", "slack") == [
        f"ops: slack to {url}, enabled",
        "on call",
        "told of: *",
        shown[3],
    ]
    changed = webhooks("set", "ops", "--event", "", "--format", "standard", "--url", f"{url}/2", "--description", "")
    assert changed == [f"ops: standard to {url}/2, enabled", "told of: only what names it", shown[3]]
    assert webhooks("disable", "ops")[0] == f"ops: standard to {url}/2, disabled: Disabled by local."
    assert webhooks("set", "ops", "--url", url)[0] == f"ops: standard to {url}, disabled: Disabled by local."
    assert webhooks("enable", "ops")[0] == f"ops: standard to {url}, enabled"
    rotated = cli("webhooks", "rotate", "ops", "--server", server)
    assert rotated.out.startswith("whsec_")
    assert rotated.out != made.out
    assert "messages are also signed with the previous one until 20" in rotated.err
    assert webhooks("show", "ops")[-1].startswith("secret: version 2; the previous one signs until 20")
    assert webhooks("remove", "ops") == ["ops removed"]
    assert webhooks("list") == [" name  format  events  waiting  delivered  failed  state"]


def test_the_types_of_events_are_listed(cli: CommandLine, refusing: str) -> None:
    listed = lines(cli("webhooks", "events", "--server", refusing))
    assert [line.split()[0] for line in listed[1:]] == list(TYPES)
    assert json.loads(cli("webhooks", "events", "--json", "--server", refusing).out) == TYPES


def test_a_test_says_what_became_of_it_and_what_failed_is_sent_again(cli: CommandLine, server: str) -> None:
    with receiver() as running:
        url = f"http://127.0.0.1:{running.port}/x"
        secret = cli("webhooks", "add", "ops", url, "--server", server).out.strip()
        tested = lines(cli("webhooks", "test", "ops", "--server", server))
        (request,) = running.requests
    delivery_id = tested[0].partition(" ")[0]
    assert tested == [f"{delivery_id} to ops: delivered (200)", "it answered: ok"]
    headers = {name.lower(): value for name, value in request.headers.items()}
    told = Webhook(secret).verify(request.body, headers)
    assert told["data"]["title"] == "A test of the webhook ops, sent by local."

    refused = cli("webhooks", "test", "ops", "--server", server)
    assert refused.code == 1
    assert "has not arrived and will be retried: " in refused.out
    assert "the connection was refused" in refused.out
    failed_id = refused.out.partition(" ")[0]
    listed = cli("deliveries", "list", "--status", "waiting", "--server", server).out.splitlines()
    assert [line.split()[:5] for line in listed[1:]] == [[failed_id, "ops", "webhook.test", "waiting", "1"]]
    assert len(cli("deliveries", "list", "--webhook", "ops", "--server", server).out.splitlines()) == 3
    assert cli("deliveries", "list", "--limit", "1", "--server", server).err.startswith("there are more than 1: ")

    with receiver(BUSY) as running:
        lines(cli("webhooks", "set", "ops", "--url", f"http://127.0.0.1:{running.port}/y", "--server", server))
        again = cli("deliveries", "send", failed_id, "--server", server)
        assert (again.code, [one.path for one in running.requests]) == (1, ["/y"])
    assert "(503): " in again.out
    assert "it answered: back at seven" in again.out
    shown = lines(cli("deliveries", "show", failed_id, "--server", server))
    assert shown[0] == "webhook.test to ops: A test of the webhook ops, sent by local."
    assert "it answered: back at seven" in shown
    assert '  "type": "webhook.test",' in shown
    assert any(line.startswith("failing since: ") for line in lines(cli("webhooks", "show", "ops", "--server", server)))

    assert cli("webhooks", "disable", "ops", "--server", server).code == 0  # which drops what waits
    off = cli("webhooks", "test", "ops", "--server", server)
    assert (off.code, off.err) == (2, "invalid_parameters: The webhook ops is disabled; enable it first.\n")
    with receiver() as running:
        lines(cli("webhooks", "set", "ops", "--url", f"http://127.0.0.1:{running.port}/z", "--server", server))
        lines(cli("webhooks", "enable", "ops", "--server", server))
        sent = cli("webhooks", "send-failed", "ops", "--since", LONG_AGO, "--server", server)
        assert (sent.out, sent.err) == ("1 delivery is sent again\n", "")
        arrived = json.loads(cli("deliveries", "send", failed_id, "--json", "--server", server).out)
    assert arrived["status"] == "delivered"
    assert {one.path for one in running.requests} == {"/z"}


def test_on_the_servers_themselves_it_is_the_command_that_sends(
    fresh_cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    with receiver() as running:
        made = fresh_cli("webhooks", "add", "ops", f"http://127.0.0.1:{running.port}/", "--json")
        assert json.loads(made.out)["secret"].startswith("whsec_")
        assert json.loads(fresh_cli("webhooks", "test", "ops", "--json").out)["status_code"] == 200
        told = fresh_cli("report", "pull_requests", "--out", f"{tmp_path}/", "--notify", "ops")
        assert told.code == 0, told.err
        assert "ops: delivered (200)" in told.err.splitlines()
    assert [json.loads(one.body)["type"] for one in running.requests] == ["webhook.test", "report.complete"]
    assert fresh_cli("webhooks", "send-failed", "ops", "--since", LONG_AGO).out == "0 deliveries are sent again\n"
    (one,) = json.loads(fresh_cli("webhooks", "list", "--json").out)
    assert (one["name"], one["delivered"]) == ("ops", 2)
    assert "secret" not in one


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("webhooks add x http://93.184.215.14/x", "url: 'http://93.184.215.14/x' "),
        ("webhooks add x https://127.1/", "url: "),
        ("webhooks add No https://hooks.example.com/x", "name: 'No' is not a name of a webhook"),
        ("webhooks add x https://hooks.example.com/x --format irc", "format: 'irc' is not known"),
        ("webhooks add x https://hooks.example.com/x --event report.complet", "(did you mean 'report.complete'"),
        ("webhooks show x", "unknown_webhook: There is no webhook 'x'."),
        ("webhooks set x --url https://hooks.example.com/x", "unknown_webhook: There is no webhook 'x'."),
        ("webhooks test x", "unknown_webhook: There is no webhook 'x'."),
        ("webhooks rotate x", "unknown_webhook: There is no webhook 'x'."),
        ("webhooks send-failed x --since yesterday", "since: 'yesterday' is not "),
        ("webhooks send-failed x --since 01/02/2026", "since: '01/02/2026' is not "),
        ("webhooks send-failed x", "--since is missing."),
        ("deliveries list --status sent", "status: 'sent' is not one of waiting, delivered, failed"),
        ("deliveries list --webhook x", "unknown_webhook: There is no webhook 'x'."),
        ("deliveries show x", "unknown_delivery: There is no delivery 'x'."),
        ("deliveries send x", "unknown_delivery: There is no delivery 'x'."),
    ],
)
@pytest.mark.usefixtures("stores_nothing")
def test_what_is_wrong_is_said_in_words(cli: CommandLine, refusing: str, arguments: str, said: str) -> None:
    outcome = cli(*arguments.split(), "--server", refusing)
    assert outcome.code == 2
    assert said in " ".join(outcome.err.replace("│", " ").split())
    assert outcome.out == ""


@pytest.mark.parametrize("command", ["webhooks list", "deliveries list", "rules list", "mail unsubscribed"])
def test_a_server_that_does_not_answer_is_named(cli: CommandLine, command: str) -> None:
    outcome = cli(*command.split(), "--server", f"http://127.0.0.1:{free_port()}")
    assert outcome.code == 1
    assert outcome.err.startswith("server_unreachable: ")


def test_a_webhook_without_a_secret_key_is_refused_with_what_to_do(fresh_cli: CommandLine) -> None:
    outcome = fresh_cli("webhooks", "add", "x", "https://hooks.example.com/x")
    assert (outcome.code, outcome.out) == (1, "")
    told = outcome.err.splitlines()[-1]  # above it is the log
    assert told.startswith("setup_error: ")
    assert "Set OPENHOURS_SECRET_KEY to 32 random characters or more" in told
