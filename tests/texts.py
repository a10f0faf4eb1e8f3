"""Brings the catalogues of the console's languages up to its pages: ``python -m tests.texts``.

New texts stand in a catalogue without a translation then, and texts that no page has any longer are gone from it.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from pydantic import BaseModel

from app.automation.registry import RULE_KINDS
from app.console.texts import CATALOGUES, LANGUAGES
from app.events.types import TYPES
from app.ingest.registry import DATASET_KINDS
from app.metrics.shipped import shipped
from app.reports.registry import REPORT_KINDS

ROOM: Final = CATALOGUES.parent

#: How texts are found, by the files that have them.
METHODS: Final = [("**.html.jinja", "jinja2.ext:babel_extract"), ("**.py", "python")]

#: Functions that take a text of the catalogue; ``(1, 2)``: one for one thing and one for many.
KEYWORDS: Final = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None, "texts": None, "counted": (1, 2)}

#: English stands in the pages themselves.
TRANSLATED: Final = LANGUAGES[1:]


def found() -> Catalog:
    """Every text of pages, with the files that have it."""
    catalog = Catalog()
    options = {"**.html.jinja": {"trimmed": "true", "newstyle_gettext": "true", "trim_blocks": "true"}}
    texts = extract_from_dir(ROOM, METHODS, options, keywords=KEYWORDS)
    for file, _, message, _, _ in texts:
        catalog.add(message, locations=[(file, 0)])
    for text in said_by_the_api():
        catalog.add(text, locations=[("said by the API", 0)])
    return catalog


def said_by_the_api() -> Iterator[str]:
    """What kinds, types of events and shipped metrics say of themselves, which pages show."""
    yield from (kind.summary for kind in DATASET_KINDS.values())
    for kind in REPORT_KINDS.values():
        yield kind.summary
        yield from _descriptions(kind.params)
    for rule in RULE_KINDS.values():
        yield rule.summary
        yield from _descriptions(rule.options)
    yield from TYPES.values()
    yield from (one["title"] for one in shipped().values())


def _descriptions(model: type[BaseModel]) -> Iterator[str]:
    properties = model.model_json_schema()["properties"].values()
    yield from (one["description"] for one in properties if "description" in one)


def path_of(language: str) -> Path:
    return CATALOGUES / f"{language}.po"


def catalogue(language: str) -> Catalog:
    """What there is of a language."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def written(language: str) -> bytes:
    """The catalogue of a language as it is to be: every text, sorted, nothing guessed and no dates."""
    catalog = catalogue(language)
    catalog.update(found(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    into = BytesIO()
    write_po(into, catalog, width=0, omit_header=True, sort_output=True, include_lineno=False, ignore_obsolete=True)
    plural = f"nplurals={catalog.num_plurals}; plural={catalog.plural_expr};"
    header = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Plural-Forms: {plural}\\n"\n'
    header += '"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    return header.encode() + into.getvalue()


def main() -> None:
    for language in TRANSLATED:
        path = path_of(language)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(written(language))
        missing = [message for message in catalogue(language) if message.id and not all_of(message.string)]
        sys.stdout.write(f"{path.name}: {len(missing)} texts to translate\n")


def all_of(translated: str | tuple[str, ...] | list[str]) -> bool:
    """Whether a translation is whole, each of its plural forms."""
    return bool(translated) if isinstance(translated, str) else all(translated) and bool(translated)


def ids_of(message: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """A text, or that for one thing and that for many."""
    return (message,) if isinstance(message, str) else tuple(message)


if __name__ == "__main__":
    main()
