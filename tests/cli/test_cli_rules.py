"""The commands about rules, and those about schedules that tell somebody."""

import json
from collections.abc import Iterator

import pytest

from app.automation.registry import RULE_KINDS
from app.storage.resources import Resources
from tests.cli.telling import VARIABLES, telling_server
from tests.commands import CommandLine, Outcome, free_port


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


@pytest.fixture
def server(resources: Resources) -> Iterator[str]:
    with telling_server(resources, slots=0, smtp_port=free_port()) as address:
        yield address


@pytest.fixture(scope="module")
def refusing(untouched: Resources) -> Iterator[str]:
    with telling_server(untouched, slots=0, smtp_port=free_port()) as address:
        yield address


def lines(outcome: Outcome) -> list[str]:
    assert outcome.code == 0, outcome.err
    return [line.rstrip() for line in outcome.out.splitlines()]


def test_a_rule_is_made_looked_at_changed_paused_and_removed(cli: CommandLine, server: str) -> None:
    def rules(*arguments: str) -> list[str]:
        return lines(cli("rules", *arguments, "--server", server))

    made = rules("add", "late", "source_lag", "--option", "hours=2", "--notify", "ada@example.org")
    assert made == ['late: source_lag {"hours": 2.0}', "tells ada@example.org; for local"]
    assert rules("show", "late") == made
    more = ("--notify", "ada@example.org,bob@example.org", "--option", "hours=3.5")
    assert rules("set", "late", *more) == [
        'late: source_lag {"hours": 3.5}',
        "tells ada@example.org, bob@example.org; for local",
    ]
    paused = rules("pause", "late")
    assert paused[-1] == "paused: Paused by local."
    assert rules("set", "late", "--option", "hours=4")[-1] == "paused: Paused by local."
    assert [line.split() for line in rules("list")] == [
        ["name", "kind", "tells", "state", "wrong"],
        ["late", "source_lag", "ada@example.org", "bob@example.org", "paused", "0"],
        ["review-times-samples", "report_on_dataset", "active", "0"],
    ]
    assert rules("resume", "late")[-1] == "tells ada@example.org, bob@example.org; for local"
    one, _ = json.loads(cli("rules", "list", "--json", "--server", server).out)
    assert (one["options"]["hours"], one["notify"]["to"]) == (4, ["ada@example.org", "bob@example.org"])
    other = ("--kind", "report_on_dataset", "--option", "dataset_kind=polls", "--option", "report=pull_requests")
    params = ("--option", 'params={"charts": false}', "--notify", "")
    changed = rules("set", "late", *other, *params)
    name, _, options = changed[0].partition(" report_on_dataset ")
    assert (name, changed[1]) == ("late:", "tells nobody; for local")
    assert json.loads(options) == {
        "dataset_kind": "polls",
        "report": "pull_requests",
        "params": {"charts": False},
        "founding_clients": False,
    }
    assert rules("set", "late", "--notify", "ada@example.org")[-1] == "tells ada@example.org; for local"
    one, _ = json.loads(cli("rules", "list", "--json", "--server", server).out)
    assert one["notify"] == {"to": ["ada@example.org"], "attach": ["csv"]}
    assert rules("remove", "late") == ["late removed"]
    assert len(rules("list")) == 2


def test_a_value_is_what_its_option_takes(cli: CommandLine, server: str, resources: Resources) -> None:
    there = ("--server", server)
    assert cli("mail", "unsubscribed", *there).code == 0
    made = cli(
        "rules", "add", "x", "dataset_rejected", "--option", "dataset_kind=17", "--notify", "a@example.org", *there
    )
    assert "There is no dataset kind '17'" in made.err
    for given in (["stores=17", "stores=007"], ['stores=["17", "007"]']):
        options = [part for one in given for part in ("--option", one)]
        refused = cli("rules", "add", "x", "store_down", *options, "--notify", "a@example.org", *there)
        assert "has named the store '17', '007'" in refused.err
    late = cli("rules", "add", "x", "source_lag", "--option", "source=null", "--notify", "a@example.org", *there)
    assert lines(late)[0] == 'x: source_lag {"hours": 6.0}'


def test_the_kinds_are_listed_with_their_options(cli: CommandLine, refusing: str) -> None:
    listed = lines(cli("rules", "kinds", "--server", refusing))
    heads = [line for line in listed if not line.startswith("  ")]
    assert [line.partition(":")[0] for line in heads] == list(RULE_KINDS)
    assert heads[0] == "report_on_dataset: when the rows of a file are loaded, a report starts"
    assert "dataset_rejected: a file was rejected; needs --notify" in heads
    assert "  dataset_kind (string, required): Kind of the files, such as `polls`." in listed
    assert any(line.startswith("  hours (number, default 6): ") for line in listed)
    told = json.loads(cli("rules", "kinds", "--json", "--server", refusing).out)
    assert [one["name"] for one in told] == list(RULE_KINDS)


def test_on_the_servers_themselves_it_works_as_well(fresh_cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    lines(fresh_cli("webhooks", "add", "ops", "https://hooks.example.com/x"))
    made = lines(fresh_cli("rules", "add", "late", "source_lag", "--notify", "ops"))
    assert made[1].startswith("tells ops; for ")
    assert lines(fresh_cli("rules", "show", "late")) == made


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("rules add x source_lag", "notify: is missing: a rule of this kind only notifies somebody"),
        ("rules add x source_lg --notify a@example.org", "kind: 'source_lg' is not known (did you mean 'source_lag'?)"),
        ("rules add kinds source_lag --notify a@example.org", "name: 'kinds' is not a name of a rule"),
        ("rules add x source_lag --notify ops", "'ops' is neither the name of a webhook nor a mail address"),
        ("rules add x source_lag --notify a@example.com", "'a@example.com' is in a domain to which no mail is sent"),
        ("rules add x source_lag --notify a@b@example.org", "'a@b@example.org' is not a mail address such as"),
        ("rules add x source_lag --option hours", "--option: 'hours' is not NAME=VALUE such as minutes=30"),
        ("rules add x source_lag --option hours=1 --option hours=2", "--option: hours is given twice; it takes one"),
        ("rules add x source_lag --option hours=long --notify a@example.org", "hours: 'long' is not a number"),
        ("rules add x source_lag --option hour=1 --notify a@example.org", "hour: "),
        ("rules add x source_lag --option source=none --notify a@example.org", "There is no source 'none'"),
        ('rules add x report_on_dataset --option params={"target_percent":NaN}', "NaN is no JSON."),
        ("rules show x", "unknown_rule: There is no rule 'x'."),
        ("rules set x --option hours=1", "unknown_rule: There is no rule 'x'."),
        ("rules pause x", "unknown_rule: There is no rule 'x'."),
        ("rules remove x", "unknown_rule: There is no rule 'x'."),
        (
            "schedules add x --report uptime --every day --at 6:00 --notify ops",
            "'ops' is neither the name of a webhook nor a",
        ),
        ("schedules set x --cron 0", "unknown_schedule: There is no schedule 'x'."),
        ("schedules set x --report uptime --sync github", "give either --report KIND or --sync SOURCE"),
        ("schedules set x --params []", "--params: '[]' is not a JSON object"),
        ("report uptime --notify ops", "'ops' is neither the name of a webhook nor a mail address"),
    ],
)
@pytest.mark.usefixtures("stores_nothing")
def test_what_is_wrong_is_said_in_words(cli: CommandLine, refusing: str, arguments: str, said: str) -> None:
    outcome = cli(*arguments.split(), "--server", refusing)
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.out == ""


def test_a_schedule_tells_and_is_changed_in_part(cli: CommandLine, server: str) -> None:
    def schedules(*arguments: str) -> list[str]:
        return lines(cli("schedules", *arguments, "--server", server))

    when = ("--every", "day", "--at", "6:30", "--timezone", "Asia/Tokyo")
    params = ("--params", '{"charts": false}')
    made = schedules("add", "daily", "--report", "pull_requests", *params, *when, "--notify", "ada@example.org")
    assert made[:3] == [
        'daily: report pull_requests {"charts": false}',
        "At 06:30 every day, Asia/Tokyo (30 6 * * *); for local",
        "tells ada@example.org",
    ]
    assert schedules("set", "daily", "--notify", "bob@example.org")[:3] == [*made[:2], "tells bob@example.org"]
    changed = schedules("set", "daily", "--every", "day", "--at", "7:00", "--timezone", "UTC", "--catch-up", "none")
    assert changed[:3] == [made[0], "At 07:00 every day, UTC (0 7 * * *); for local", "tells bob@example.org"]
    paused = schedules("pause", "daily")
    assert schedules("set", "daily", "--params", "{}", "--notify", "") == [
        "daily: report pull_requests",
        changed[1],
        paused[-1],
    ]
    assert schedules("set", "daily", *params, "--report", "pull_requests")[0] == made[0]
    assert schedules("set", "daily", "--report", "activity")[0] == "daily: report activity"
