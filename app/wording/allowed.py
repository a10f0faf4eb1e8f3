"""What a value may be, in words, from its JSON Schema."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

#: JSON Schema; one that refers to others holds them.
Schema = Mapping[str, Any]

#: A text of which nothing more is known.
TEXT: Final = "a text"

#: How the words of every list begin.
LIST: Final = "a list"

#: Of objects that a member tells apart, merged to one: the words that tell, which pydantic writes into paths.
_TOLD_APART: Final = "x-told-apart"

#: Words of a type for one value and for several.
_TYPES: Final = {
    "integer": ("a whole number", "whole numbers"),
    "number": ("a number", "numbers"),
    "boolean": ("true or false", "true or false"),
    "string": (TEXT, "texts"),
    "array": (LIST, "lists"),
    "object": ("an object", "objects"),
}

#: Words of texts that stand for something else.
_FORMATS: Final = {
    "date-time": "an instant in ISO 8601 with Z or an offset",
    "date": "a date such as 2024-12-31",
    "time": "a time of day such as 09:30:00",
    "duration": "a duration in ISO 8601 such as PT1H",
    "uuid": "a UUID",
    "uri": "an address such as https://host/path",
}

#: Keywords of the least and the most, and what they count.
_BOUNDS: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", "characters"),
    ("minItems", "maxItems", ""),
)

#: Bounds behind a check of our own that comes first: pydantic then writes them under its own names.
_AS_PYDANTIC_HAS_IT: Final = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt"}


def allowed(schema: Schema) -> str | None:
    """What a schema allows, such as "a whole number from 1 to 720"; None if that is anything."""
    if is_union(schema):
        return " or ".join(filter(None, map(allowed, _variants(schema)))) or None
    plain = _without_null(schema)
    if "anyOf" in plain and plain is not schema:
        return allowed(plain)
    if choices := _choices(plain):
        return f"one of {', '.join(map(str, choices))}"
    words, _ = _TYPES.get(plain.get("type", ""), (None, None))
    if words is None:
        return None
    if plain["type"] == "string":
        words = _FORMATS.get(plain.get("format", ""), words)
        words += f" of the form {plain['pattern']}" if "pattern" in plain else ""
    if plain["type"] == "array":
        _, items = _TYPES.get(_without_null(plain.get("items", {})).get("type", ""), (None, None))
        words += f" of {items}" if items else ""
    if plain["type"] == "object" and (names := plain.get("properties")):
        words += f" with {', '.join(names)}"
    return words + "".join(_bounds(plain, *keywords) for keywords in _BOUNDS)


def member(schema: Schema, path: Sequence[int | str]) -> Schema | None:
    """The schema of what lies at a path of names and indices; None where that is not described."""
    return step_into(schema, path, schema)


def step_into(schema: Schema, path: Sequence[int | str], whole: Schema) -> Schema | None:
    """The same of a part of a schema; ``whole`` holds what it refers to."""
    found: Schema | None = _followed(schema, whole)
    for step in path:
        if found is None:
            return None
        variants = _variants(found) if is_union(found) else [found]
        steps = (_item(one, step) if isinstance(step, int) else _named(one, step) for one in variants)
        found = next((one for one in steps if one is not None), None)
        found = None if found is None else _followed(found, whole)
    return found


def is_union(schema: Schema) -> bool:
    """Whether a value may be one of several things, beside null."""
    return len(_variants(schema)) > 1


def names_variant(schema: Schema, step: int | str) -> bool:
    """Whether a step of a path of pydantic's is the name of one of the things that a value may be, not of a member."""
    if is_union(schema):
        return isinstance(step, str) and not any(step in one.get("properties", ()) for one in _variants(schema))
    return step in schema.get(_TOLD_APART, ())


def _variants(schema: Schema) -> Sequence[Schema]:
    return [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]


def _item(schema: Schema, index: int) -> Schema | None:
    """The schema of a member of a list."""
    by_place = schema.get("prefixItems", ())
    found: Schema | None = by_place[index] if index < len(by_place) else schema.get("items")
    return found


def _named(schema: Schema, name: str) -> Schema | None:
    """The schema of a member; one of any name where names are free."""
    free = schema.get("additionalProperties")
    found: Schema | None = schema.get("properties", {}).get(name, free if isinstance(free, Mapping) else None)
    return found


def is_secret(schema: Schema | None) -> bool:
    """Whether a value must not be shown to anybody."""
    if schema is not None and is_union(schema):
        return any(map(is_secret, _variants(schema)))
    return schema is not None and _without_null(schema).get("format") == "password"


def _followed(schema: Schema, whole: Schema) -> Schema:
    """A schema itself instead of a reference to it, and without null."""
    plain = _without_null(schema)
    while (reference := plain.get("$ref")) is not None:
        found: Any = whole
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]
        plain = _without_null(found)
    if is_union(plain):
        return {**plain, "anyOf": [_followed(one, whole) for one in _variants(plain)]}
    if "oneOf" in plain:
        merged = _merged([_followed(one, whole) for one in plain["oneOf"]], whole)
        return {**merged, _TOLD_APART: plain.get("discriminator", {}).get("mapping", ())}
    if "items" in plain:
        return {**plain, "items": _followed(plain["items"], whole)}
    return plain


def _merged(variants: Sequence[Schema], whole: Schema) -> Schema:
    """One object for several of which each has a name of its own in one of its members."""
    found: dict[str, list[Schema]] = {}
    for variant in variants:
        for name, described in variant.get("properties", {}).items():
            found.setdefault(name, []).append(_followed(described, whole))
    return {"type": "object", "properties": {name: _either(schemas) for name, schemas in found.items()}}


def _either(schemas: Sequence[Schema]) -> Schema:
    """What is known of a value that one of these describes."""
    if all("const" in one for one in schemas):
        return {"type": schemas[0].get("type"), "enum": [one["const"] for one in schemas]}
    first = schemas[0]
    if all(one == first for one in schemas):
        return first
    return {"type": first["type"]} if all(one.get("type") == first.get("type") for one in schemas) else {}


def _without_null(schema: Schema) -> Schema:
    """What a value may be beside null; the schema itself where that is several things."""
    variants = _variants(schema)
    return variants[0] if len(variants) == 1 else schema


def _choices(schema: Schema) -> Sequence[Any]:
    return [schema["const"]] if "const" in schema else schema.get("enum", ())


def _bounds(schema: Schema, least_name: str, most_name: str, unit: str) -> str:
    least, most = _number(schema, least_name), _number(schema, most_name)
    before, after = "," if least_name == "minItems" else " of", f" {unit}" if unit else ""
    match least, most:
        case None, None:
            above = _number(schema, "exclusiveMinimum") if least_name == "minimum" else None
            return "" if above is None else f" above {above}"
        case _, None:
            return f"{before} at least {least}{after}"
        case None, _:
            return f"{before} at most {most}{after}"
    return f" from {least} to {most}" if least_name == "minimum" else f"{before} {least} to {most}{after}"


def _number(schema: Schema, name: str) -> Any:
    """A bound; OpenAPI documents may have 6.0 for 6."""
    bound = schema.get(name, schema.get(_AS_PYDANTIC_HAS_IT.get(name, "")))
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound
