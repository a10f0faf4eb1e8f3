"""What a person picks of a file with other columns, and the mapping that says so.

The fields of a column of the kind are named by it and by what they say of it: from which column of the file it is
filled, or with which value, how the file writes it, in which time zone, and what its words mean.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.console.json_text import read_json

#: Ends the names of fields that say how a column of the kind is filled.
FROM, DATE, ZONE, WORDS, VALUE = "__from", "__date", "__zone", "__words", "__value"

#: Of what a rule of a mapping may also say, the fields' names and the members of the rule.
_ALSO: Final = {DATE: "date", ZONE: "zone", VALUE: "value"}


def shown(rule: Mapping[str, Any]) -> dict[str, str]:
    """What the fields of a column show of its rule."""
    words = "\n".join(f"{word} = {meaning}" for word, meaning in rule.get("words", {}).items())
    place = rule.get("from", "")
    texts = {"from": str(place), "words": words}
    return texts | {member: str(rule.get(member) or "") for member in _ALSO.values()}


def picked(document: dict[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """A mapping with what was picked in the fields; what they do not ask for stays as it is."""
    columns = dict(document.get("columns", {}))
    for name in {field.removesuffix(FROM) for field in fields if field.endswith(FROM)}:
        before, place, value = columns.get(name, {}), fields[name + FROM], fields.get(name + VALUE, "").strip()
        if not place and not value:
            if "from" in before or "value" in before:
                columns.pop(name, None)
            continue
        if value and not place:
            columns[name] = {"value": value}
            continue
        is_same = str(before.get("from", "")) == place
        rule = dict(before) if is_same else {"from": int(place) if isinstance(before.get("from"), int) else place}
        for ending, member in ((DATE, "date"), (ZONE, "zone")):
            text = fields.get(name + ending, "").strip()
            if text:
                rule[member] = text
            else:
                rule.pop(member, None)
        words = dict(_word(line) for line in fields.get(name + WORDS, "").splitlines() if line.strip())
        if words:
            rule["words"] = words
        else:
            rule.pop("words", None)
        columns[name] = rule
    return {**document, "columns": columns}


def _word(line: str) -> tuple[str, str]:
    word, _, meaning = line.rpartition("=")
    return word.strip(), meaning.strip()


def document_of(text: str) -> dict[str, Any]:
    try:
        found = read_json(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
