"""A form of a page as a browser sends it, filled in as a person does."""

import json
from collections.abc import Mapping
from typing import Any

from tests.console.html import Element


def sent_by(form: Element, button: str | None = None) -> dict[str, str]:
    """The fields that a browser sends when nobody touches the form, and the button that is pressed, ``name=value``."""
    fields: dict[str, str] = {}
    for element in form.all():
        if "disabled" in element.attributes or "name" not in element.attributes:
            continue
        value = _sent(element)
        if value is not None:
            assert element["name"] not in fields, f"two fields are called {element['name']}"
            fields[element["name"]] = value
    if button is not None:
        name, _, value = button.partition("=")
        assert [one for one in form.all("button", name=name) if one["value"] == value], f"no button {button}"
        fields[name] = value
    return fields


def filled(form: Element, values: Mapping[str, Any], button: str | None = None) -> dict[str, str]:
    """The same with values filled in: ticks for booleans, a line for each text of a list, JSON for what is neither."""
    fields = sent_by(form, button)
    for name, value in values.items():
        (element,) = [one for one in form.all() if one.attributes.get("name") == name]
        if element.attributes.get("type") == "checkbox":
            fields.pop(name, None)
            fields |= {name: element["value"]} if value else {}
        else:
            text = _typed(element, value)
            is_offered = element.tag != "select" or text in [one["value"] for one in element.all("option")]
            assert is_offered, f"{name}: {text!r} is not to be chosen"
            fields[name] = text
    return fields


def _sent(element: Element) -> str | None:
    """What a field sends; None if it sends nothing."""
    if element.tag == "input":
        is_left_out = element.attributes.get("type") in {"checkbox", "radio"} and "checked" not in element.attributes
        return None if is_left_out else element.attributes.get("value") or ""
    if element.tag == "textarea":
        return raw_text(element).replace("\r\n", "\n").replace("\n", "\r\n")
    if element.tag == "select":
        options = element.all("option")
        chosen = [one for one in options if "selected" in one.attributes] or options[:1]
        return chosen[-1]["value"] if chosen else None
    return None


def _typed(element: Element, value: Any) -> str:
    if element.tag == "textarea" and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "\r\n".join(value)
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def raw_text(element: Element) -> str:
    """The text of an element with its white space."""
    return "".join(part if isinstance(part, str) else raw_text(part) for part in element.parts)
