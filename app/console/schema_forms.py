"""The form of a report kind, from the JSON Schema of its parameters, and the parameters that it was filled with.

A field that nobody has touched is left out, so that the default of the API counts. What is not a number or no JSON is
sent as it was typed: the API refuses it in its own words.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.console.json_text import read_json
from app.console.marked import marked

Widget = Literal["choice", "check", "whole", "number", "text", "lines", "json", "instant"]

#: Ends the name of the field with the zone of an instant.
ZONE: Final = "__zone"

_LOCAL: Final = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)")
_WHOLE: Final = re.compile(r"[+-]?\d{1,18}")
_DECIMAL: Final = re.compile(r"[+-]?\d{1,18}([.,]\d{1,18})?")

#: What may be thousands to one reader and a fraction to another.
_THOUSANDS: Final = re.compile(r"[+-]?[1-9]\d{0,2}([.,]\d{3})+")

#: Where a browser ends a line; other marks, such as U+2028, are part of a name.
_LINE_END: Final = re.compile(r"\r\n|\r|\n")

#: Titles of parameters that read badly as they are spelt; others are their names with spaces.
TITLES: Final = {
    "accounting": marked("Accounting"),
    "as_known_at": marked("Hours and calendars as known at"),
    "as_of": marked("As of"),
    "by": marked("By"),
    "charts": marked("Charts"),
    "clock": marked("Clock"),
    "compare_to": marked("Compare to"),
    "count": marked("Count"),
    "dataset_kind": marked("Kind of the files"),
    "datasets": marked("Tables"),
    "dated_by": marked("Dated by"),
    "decimals": marked("Decimals"),
    "each": marked("Length of the periods"),
    "empty": marked("Empty numbers"),
    "excel": marked("File for Excel"),
    "exclude_authors": marked("Leave out authors"),
    "founding_clients": marked("Only files that clients of a founding system send"),
    "from": marked("From"),
    "hourly": marked("Figures by hour"),
    "hours": marked("Behind at most, hours"),
    "html": marked("Page to print and mail"),
    "include_bots": marked("Include bots"),
    "labels": marked("Labels"),
    "lookback_hours": marked("Look back, hours"),
    "max": marked("Greatest value of"),
    "max_errors": marked("Wrong rows, at most"),
    "max_fill_hours": marked("Fill hours without polls, at most"),
    "max_gap_minutes": marked("A poll is valid at most, minutes"),
    "max_part_bytes": marked("Largest file, bytes"),
    "mean": marked("Mean of"),
    "merged_since": marked("Merged since"),
    "merged_until": marked("Merged until"),
    "metrics": marked("Metrics"),
    "min": marked("Least value of"),
    "min_outage_minutes": marked("Shortest outage that counts, minutes"),
    "minutes": marked("Down at most, open minutes"),
    "months": marked("Months"),
    "names": marked("Names"),
    "of": marked("Of"),
    "on_error": marked("Wrong rows"),
    "params": marked("Parameters of the report"),
    "period": marked("Period"),
    "pillars": marked("Pillars"),
    "report": marked("Kind of the report"),
    "repos": marked("Repositories"),
    "schedule": marked("Schedule"),
    "since": marked("Since"),
    "source": marked("Source"),
    "state": marked("State"),
    "stores": marked("Stores"),
    "sum": marked("Sum of"),
    "target_percent": marked("Target, per cent"),
    "teams": marked("Teams"),
    "to": marked("To"),
    "until": marked("Until"),
    "zone": marked("Time zone"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form.

    Attributes:
        name: of the parameter.
        title: text of the catalogue, or the name in words.
        widget: how it is asked for.
        help: what the parameter means, as the API says it; code stands between backticks.
        options: of a choice, the values as texts; "" stands for the default.
        default: as a text; "" if there is none.
        placeholder: an example.
        may_be_date: of an instant, whether a date alone will do.
    """

    name: str
    title: str
    widget: Widget
    help: str
    options: Sequence[str] = ()
    default: str = ""
    placeholder: str = ""
    may_be_date: bool = False


def fields_of(schema: Mapping[str, Any]) -> list[Field]:
    """The fields of a JSON Schema of an object, in its order."""
    return [_field(name, _resolved(one, schema)) for name, one in schema.get("properties", {}).items()]


def texts_of(schema: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the fields of a form for parameters: those that are left out have nothing, a check its default."""
    shown = {}
    for field in fields_of(schema):
        value = params.get(field.name)
        if value is None:
            shown[field.name] = field.default if field.widget == "check" else ""
        elif field.widget == "lines" and isinstance(value, list):
            shown[field.name] = "\n".join(map(str, value))
        elif field.widget in {"json", "check"} or not isinstance(value, str):
            shown[field.name] = json.dumps(value, ensure_ascii=False)
        else:
            shown[field.name] = value
    return shown


def params_of(schema: Mapping[str, Any], form: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The parameters of a form that was filled in, and by name what is wrong with instants on local clocks."""
    params: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in fields_of(schema):
        text = form.get(field.name, "").strip()
        if field.widget == "check":
            is_checked = text == "true"
            if is_checked != (field.default == "true"):
                params[field.name] = is_checked
        elif text:
            try:
                params[field.name] = _value(field, text, form.get(field.name + ZONE, "").strip())
            except ValueError as error:
                wrong[field.name] = str(error)
    return params, wrong


def instant_on(text: str, zone: str) -> str:
    """A local time as an instant with its offset; what is no local time stays as it is, for the API to say so.

    Raises:
        ValueError: the zone is unknown, or its clock shows the time twice or never; with a sentence for people.
    """
    found = _LOCAL.fullmatch(text)
    if found is None:
        return text
    try:
        clock = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{zone!r} is no time zone, such as Europe/Berlin or UTC") from None
    try:
        local = datetime.fromisoformat(f"{found[1]} {found[2]}").replace(tzinfo=clock)
        again = local.astimezone(UTC).astimezone(clock)
    except (ValueError, OverflowError):  # there is no such day, or the instant lies beyond the years of a calendar
        return text
    earlier, later = local.utcoffset(), local.replace(fold=1).utcoffset()
    if again.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError(f"the clock of {zone} never showed {text}, because it was put forward; choose another time")
    if earlier != later:
        first, second = (one.isoformat()[-6:] for one in (local, local.replace(fold=1)))
        raise ValueError(f"the clock of {zone} showed {text} twice; write {first} or {second} behind the time")
    return local.isoformat()


def _value(field: Field, text: str, zone: str) -> Any:
    match field.widget:
        case "whole" | "number":
            return _number(text, is_whole=field.widget == "whole")
        case "lines":
            return [line.strip() for line in _LINE_END.split(text) if line.strip()]
        case "instant":
            return instant_on(text, zone)
        case "json":
            try:
                return read_json(text)
            except ValueError:
                raise ValueError("is no JSON") from None
        case _:
            return text


def _number(text: str, *, is_whole: bool) -> float | str:
    """A number as people of either language write it; what is none stays as it is.

    Raises:
        ValueError: it may be read in two ways, which differ by a thousand; with a sentence for people.
    """
    if _WHOLE.fullmatch(text):
        return int(text)
    if _THOUSANDS.fullmatch(text) and is_whole:
        plain = text.replace(".", "").replace(",", "")
        raise ValueError(f"{text} is not clear; write {plain} if you mean that, without points and commas")
    if _THOUSANDS.fullmatch(text) and text.count(",") == 1 and "." not in text:
        plain = text.replace(",", "")
        raise ValueError(f"{text} is not clear; write {text.replace(',', '.')} or {plain}, whichever you mean")
    return float(text.replace(",", ".")) if _DECIMAL.fullmatch(text) else text


def _field(name: str, schema: Mapping[str, Any]) -> Field:
    types = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    default = schema.get("default")
    shown = default if isinstance(default, str) else "" if default is None else json.dumps(default)
    examples = schema.get("examples") or [""]
    placeholder = examples[0] if isinstance(examples[0], str) else json.dumps(examples[0])
    widget, options = _widget(types)
    may_be_date = any(one.get("format") == "date" for one in types)
    return Field(
        name, titled(name), widget, schema.get("description", ""), options, shown, placeholder or shown, may_be_date
    )


def _widget(types: Sequence[Mapping[str, Any]]) -> tuple[Widget, tuple[str, ...]]:
    """How a value of one of the types is asked for, and what there is to choose from."""
    choices = [value for one in types for value in one.get("enum", [one["const"]] if "const" in one else [])]
    names = {one.get("type") for one in types}
    if choices and len(types) == 1 and all(isinstance(value, str) for value in choices):
        return "choice", tuple(choices)
    found: Widget = "json"
    if names == {"boolean"}:
        found = "check"
    elif names == {"integer"}:
        found = "whole"
    elif names == {"number"}:
        found = "number"
    elif any(one.get("format") == "date-time" for one in types):
        found = "instant"
    elif names == {"string"}:
        found = "text"
    elif names == {"array"} and len(types) == 1 and types[0].get("items", {}).get("type") == "string":
        found = "lines"
    return found, ()


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema without references to the definitions of the root."""
    if "$ref" in schema:
        found = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return {**_resolved(found, root), **{name: value for name, value in schema.items() if name != "$ref"}}
    if "anyOf" in schema:
        return {**schema, "anyOf": [_resolved(one, root) for one in schema["anyOf"]]}
    return schema


def titled(name: str) -> str:
    return TITLES.get(name) or name.replace("_", " ").capitalize()
