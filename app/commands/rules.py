"""Commands about rules: list, kinds, show, add, set, pause, resume, remove."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from app.commands import opening
from app.commands.administration import AsJson, tell_json
from app.commands.opening import Server
from app.commands.telling import names_of, told_after
from app.commands.terminal import out
from app.errors import InvalidParameters
from app.wording.each_once import NoNumber, RepeatedName, json_of

rules = typer.Typer(help="Rules: what to watch, and what to do when something happens.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name or id of the rule.")]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="Option of the kind, as rules kinds lists them; a value is JSON or plain text. Repeat it for more, "
        "also for several values of a list. Default: that of the kind; for set, unchanged.",
    ),
]
Notify = Annotated[
    list[str] | None,
    typer.Option(
        "--notify",
        metavar="NAME|ADDRESS",
        help='Webhook or mail address to notify; repeat it for more, "" is nobody. Default: none; for set, unchanged.',
    ),
]


@rules.command("list")
def list_(*, as_json: AsJson = False, server: Server = None) -> None:
    """List rules by name."""
    with opening.client(server, slots=0) as client:
        found = client.rules()
    if as_json:
        tell_json(found)
        return
    table = Table("name", "kind", "tells", "state", "wrong", box=None)
    for one in found:
        state = "active" if one["enabled"] else "paused"
        table.add_row(one["name"], one["kind"], escape(" ".join(one["notify"]["to"])), state, f"{one['wrong']:,}")
    out.print(table)


@rules.command()
def kinds(*, as_json: AsJson = False, server: Server = None) -> None:
    """List the kinds of rules with their options."""
    with opening.client(server, slots=0) as client:
        found = client.rule_kinds()
    if as_json:
        tell_json(found)
        return
    for one in found:
        out.print(f"{one['name']}: {one['summary']}{'; needs --notify' if one['tells'] else ''}", markup=False)
        for line in _option_lines(one["options"]):
            out.print(f"  {line}", markup=False)


@rules.command()
def show(name: Name, *, as_json: AsJson = False, server: Server = None) -> None:
    """Show a rule: what it watches, whom it notifies, which problems it currently sees."""
    with opening.client(server, slots=0) as client:
        _tell(client.rule(name), as_json=as_json)


@rules.command()
def add(
    name: Annotated[str, typer.Argument(help="Unique name: a to z, 0 to 9, -, _ and ., at most 64.")],
    kind: Annotated[str, typer.Argument(help="What it watches and does, as rules kinds lists them.")],
    *,
    option: Options = None,
    notify: Notify = None,
    as_json: AsJson = False,
    server: Server = None,
) -> None:
    """Create a rule, which acts with your rights."""
    pairs = _pairs(option)
    with opening.client(server, slots=0) as client:
        options = _read(pairs, _schema(client, kind))
        _tell(client.add_rule(name, kind, options, notify=names_of(notify)), as_json=as_json)


@rules.command("set")
def set_(
    name: Name,
    *,
    kind: Annotated[
        str | None, typer.Option(help="What it watches and does instead; its options are reset. Default: unchanged.")
    ] = None,
    option: Options = None,
    notify: Notify = None,
    as_json: AsJson = False,
    server: Server = None,
) -> None:
    """Change a rule, which then acts with your rights; what you do not give stays unchanged."""
    pairs = _pairs(option)
    with opening.client(server, slots=0) as client:
        before = client.rule(name)
        chosen = before["kind"] if kind is None else kind
        kept = before["options"] if chosen == before["kind"] else {}
        options = {**kept, **_read(pairs, _schema(client, chosen))}
        told = told_after(before["notify"], notify)
        _tell(client.set_rule(before["name"], chosen, options, notify=told, enabled=before["enabled"]), as_json=as_json)


@rules.command()
def pause(name: Name, *, as_json: AsJson = False, server: Server = None) -> None:
    """Suspend a rule until it is resumed."""
    with opening.client(server, slots=0) as client:
        _tell(client.pause_rule(name), as_json=as_json)


@rules.command()
def resume(name: Name, *, as_json: AsJson = False, server: Server = None) -> None:
    """Resume a paused rule, with your rights."""
    with opening.client(server, slots=0) as client:
        _tell(client.resume_rule(name), as_json=as_json)


@rules.command()
def remove(name: Name, server: Server = None) -> None:
    """Remove a rule; the reports that it started and the messages that it sent stay."""
    with opening.client(server, slots=0) as client:
        client.remove_rule(name)
    out.print(f"{name} removed", markup=False)


def _pairs(given: Sequence[str] | None) -> list[tuple[str, str]]:
    """Names and texts of ``--option``. Raises InvalidParameters."""
    pairs = []
    for one in given or ():
        name, is_given, text = one.partition("=")
        if not is_given or not name.strip():
            raise InvalidParameters(f"--option: {one!r} is not NAME=VALUE such as minutes=30")
        pairs.append((name.strip(), text))
    return pairs


def _schema(client: Any, kind: str) -> Mapping[str, Any]:
    """The options of a kind by their names; none of a kind that the server refuses."""
    found = next((one for one in client.rule_kinds() if one["name"] == kind), None)
    return {} if found is None else found["options"].get("properties", {})


def _read(pairs: Sequence[tuple[str, str]], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The values of options: a list has those of each time that it is given, others are given once.

    Raises:
        InvalidParameters: an option that is no list is given twice.
    """
    options: dict[str, Any] = {}
    for name, text in pairs:
        types = set(_types(schema.get(name, {})))
        value = _value(text, types)
        if "array" in types and value is not None:
            options.setdefault(name, [])
            options[name] += value if isinstance(value, list) else [text]
        elif name in options:
            raise InvalidParameters(f"--option: {name} is given twice; it takes one value")
        else:
            options[name] = value
    return options


def _value(text: str, types: set[str]) -> Any:
    """JSON where it is some, and text otherwise, or where the option takes nothing else, such as a name of digits."""
    try:
        value = json_of(text)
    except RepeatedName as error:
        raise InvalidParameters(f"{text!r}: {error}.") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, NoNumber) and text.lstrip().startswith(("{", "[")):
            raise InvalidParameters(f"{text!r}: {error}.") from error
        return text
    takes_text = "string" in types and not types - {"string", "null"}
    return text if takes_text and value is not None and not isinstance(value, str) else value


def _types(schema: Mapping[str, Any]) -> Iterator[str]:
    """The types of JSON that an option takes."""
    for one in (schema, *schema.get("anyOf", ())):
        if "type" in one:
            yield one["type"]


def _option_lines(schema: Mapping[str, Any]) -> Iterator[str]:
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        types = " or ".join(kind for kind in _types(one) if kind != "null")
        default = one.get("default")
        needed = ", required" if name in required else "" if default is None else f", default {json.dumps(default)}"
        yield f"{name} ({types}{needed}): {one.get('description', '')}"


def _tell(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        tell_json(one)
        return
    options = {name: value for name, value in one["options"].items() if value is not None}
    given = f" {json.dumps(options, ensure_ascii=False)}" if options else ""
    lines = [
        f"{one['name']}: {one['kind']}{given}",
        f"tells {', '.join(one['notify']['to']) or 'nobody'}; for {one['runs_as']}",
    ]
    if one["paused_reason"]:
        lines.append(f"paused: {one['paused_reason']}")
    lines += [f"wrong: {episode['about']} since {episode['began_at']}" for episode in one.get("episodes", ())]
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
