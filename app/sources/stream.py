"""The document of a stream: what is asked of an API, how the reading goes on next time, and which rows it becomes.

Expressions are JMESPath, with the functions of app/mapping/expressions.py. Those of ``keep``, ``each`` and ``columns``
see a *record*: an item of the list with, beside its own members,

- ``_repo``: ``{"id", "name", "default_branch"}`` of the repository; the name is the one by which it is known now. Of a
  stream with the scope ``source`` or ``project`` it is null, and ``_owner`` is whom, or which project, it was asked of.
- each child by its name: the items of all its pages as one list; of a ``single`` one the body, or null without one.
- ``_gone``: true for a commit that a force push has dropped, else false.
- ``_at``: when the page of the list was read, by the clock of the API.

Where ``each`` finds a list, each of its elements is a record of its own: its members, ``_item`` (the record without its
children), ``_repo``, ``_owner``, ``_gone`` and ``_at``; an element that is no object is ``{"value": element}``.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.ingest.kind import Covers
from app.mapping.expressions import require_expression
from app.wording.validation import invalid

#: Places of a path that are no expression on an item.
KNOWN_PLACES: Final = frozenset({"repo_id", "owner", "project", "each"})

#: The place of a path that a scope fills.
PLACE_OF: Final = {"repository": "repo_id", "source": "owner", "project": "project"}

#: What stands between braces of a path.
PLACE: Final = re.compile(r"\{([^{}]*)\}")

#: Names of streams, children and kinds; those that records have already begin otherwise.
_NAME: Final = r"^[a-z][a-z0-9_]{0,62}$"


def _expression(text: str | None) -> str | None:
    if text is not None:
        require_expression(text)
    return text


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Request(_Part):
    """One list of an API."""

    path: str = Field(description="Places in braces: {repo_id}, {owner}, {project}.")
    params: dict[str, str | int] = Field(default_factory=dict)
    items: str = Field("@", description="JMESPath that finds the list in the body.")
    absent: Literal["unknown", "empty"] = Field(
        "unknown", description="What 404 means: that nobody can tell, or that the list is empty."
    )

    _items = field_validator("items")(_expression)

    @model_validator(mode="after")
    def _only_known_places(self) -> "Request":
        for place in PLACE.findall(self.path):
            if place not in PLACE_OF.values():
                raise ValueError(
                    f"path has {{{place}}}; the places of a list are {{repo_id}}, {{owner}} and {{project}}"
                )
        return self


class NewestFirst(_Part):
    """A list that the last update sorts, newest first; nothing leaves it. The mark is the newest of a whole pass."""

    kind: Literal["newest_first"]
    field: str


class Since(_Part):
    """A list that the last update sorts, oldest first, of what was updated at an instant or later."""

    kind: Literal["since"]
    field: str
    param: str = "since"


class Commits(_Part):
    """The commits that a branch reaches: page by page below one commit, then what another reaches more, or less."""

    kind: Literal["commits"]
    compare: str = "/repositories/{repo_id}/compare/{base}...{head}"


class Windows(_Part):
    """A list of what was created in a span of time, at most so many; what may still change is asked for again."""

    kind: Literal["windows"]
    field: str = Field("created_at", description="When an item was created.")
    param: str = "created"
    changed: str = Field("updated_at", description="JMESPath; an item is read again when this has changed.")
    open: str = Field("status != 'completed'", description="JMESPath; such an item is asked for until it is not.")
    total: str = Field("total_count", description="JMESPath on the body: how many the span has.")
    most: Annotated[int, Field(ge=1)] = Field(1000, description="Items that the API gives of one span.")
    earliest: str = Field("2018-01-01T00:00:00Z", description="Nothing was created before.")
    again_days: Annotated[int, Field(ge=0, le=400)] = Field(
        30, description="Days after its creation in which an item may change although it was complete."
    )

    _expressions = field_validator("changed", "open", "total")(_expression)


class Snapshot(_Part):
    """The whole list, at most once in so many hours."""

    kind: Literal["snapshot"]
    every_hours: Annotated[int, Field(ge=1, le=24 * 366)] = 24
    etag: bool = Field(True, description="Whether the children of a list that has not changed have not, either.")


class All(_Part):
    """The whole list each time; with ``changed`` only those items become records of which that has changed."""

    kind: Literal["all"]
    changed: str | None = Field(None, description="JMESPath on an item.")

    _expressions = field_validator("changed")(_expression)


class Days(_Part):
    """Counts by UTC day that an API tells all at once, as far back as it knows. Days may grow; see cursors/days.py."""

    kind: Literal["days"]
    field: str = Field("date", description="The day of an item.")
    count: str = Field(description="JMESPath on an item: what it adds to its day.")
    again_days: Annotated[int, Field(ge=0, le=400)] = Field(3, description="Days before the watermark, read again.")
    settle_hours: Annotated[int, Field(ge=0, le=24 * 31)] = Field(
        24, description="Hours after its end in which a day is left alone: it may not be whole yet."
    )
    compare_days: Annotated[int, Field(ge=0, le=400)] = Field(
        40, description="Days up to the watermark that are compared with what they were when they were read."
    )

    _expressions = field_validator("count")(_expression)


Cursor = Annotated[NewestFirst | Since | Commits | Windows | Snapshot | All | Days, Field(discriminator="kind")]


class Child(_Part):
    """What is asked for each item of a list."""

    name: Annotated[str, Field(pattern=_NAME)]
    path: str = Field(description="Places in braces: {repo_id}, {owner}, {each}, else JMESPath on the item.")
    params: dict[str, str | int] = Field(default_factory=dict)
    items: str = "@"
    single: bool = Field(False, description="The body is one object, not a list.")
    when: str | None = Field(None, description="JMESPath on the item; asked only where it finds something true.")
    for_: str | None = Field(
        None, alias="for", description="JMESPath on the item that finds a list: asked once for each {each} of it."
    )

    _expressions = field_validator("items", "when", "for_")(_expression)

    @model_validator(mode="after")
    def _makes_sense(self) -> "Child":
        places = PLACE.findall(self.path)
        if ("each" in places) != (self.for_ is not None):
            raise ValueError("path has {each} if and only if there is a for; give both or none")
        for place in places:
            if place not in KNOWN_PLACES:
                require_expression(place)
        return self


class RowsOf(_Part):
    """Rows of a dataset kind."""

    into: Annotated[str, Field(pattern=_NAME)] = Field(description="The dataset kind.")
    each: str | None = Field(None, description="JMESPath on the record that finds a list: a row for each element.")
    keep: str | None = Field(None, description="JMESPath on what becomes the row; only where it finds something true.")
    columns: Annotated[dict[str, str], Field(min_length=1)] = Field(description="JMESPath by column of the kind.")
    covers: Covers | None = Field(
        None, description="Of a kind of counts: of which entities a page tells everything; they are the source's own."
    )

    _expressions = field_validator("each", "keep")(_expression)

    @field_validator("columns")
    @classmethod
    def _known_expressions(cls, columns: dict[str, str]) -> dict[str, str]:
        for name, expression in columns.items():
            try:
                require_expression(expression)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        return columns


class Stream(_Part):
    """A stream; see the module."""

    stream: Annotated[str, Field(pattern=_NAME)]
    version: Annotated[int, Field(ge=1)] = 1
    summary: str = ""
    scope: Literal["repository", "source", "project"] = Field(
        "repository", description="Asked for each repository, once for each owner of repositories, or for each project."
    )
    request: Request
    cursor: Cursor
    key: str = Field(description="JMESPath on the item; the same in every answer that has the item.")
    children: tuple[Child, ...] = ()
    keep: str | None = Field(None, description="JMESPath on the record; only records where it finds something true.")
    rows: Annotated[tuple[RowsOf, ...], Field(min_length=1)]
    pushed: bool = Field(False, description="Nothing of it changes but by a push; else a repository is left out.")
    every_minutes: Annotated[int, Field(ge=0, le=60 * 24 * 31)] = Field(
        0, description="Not read again before so many minutes have passed; 0: whenever it is due."
    )
    in_turn: bool = Field(
        False,
        description="Read when the list of repositories shows a change, else in turn with others; false: at each sync.",
    )

    _expressions = field_validator("key", "keep")(_expression)

    @model_validator(mode="after")
    def _fits(self) -> "Stream":
        for what, values in (("children", [child.name for child in self.children]), ("rows", self._kinds())):
            if doubled := sorted({value for value in values if values.count(value) > 1}):
                raise ValueError(f"{what} has {doubled[0]!r} twice; each may be there once")
        others = [place for scope, place in PLACE_OF.items() if scope != self.scope]
        for path in (self.request.path, *(child.path for child in self.children)):
            for other in others:
                if f"{{{other}}}" in path:
                    raise ValueError(f"path {path} has {{{other}}}, which the scope {self.scope} does not have")
        return self

    def _kinds(self) -> list[str]:
        return [rows.into for rows in self.rows]

    def expressions(self) -> Iterator[str]:
        """All expressions that see records."""
        for rows in self.rows:
            yield from (text for text in (self.keep, rows.each, rows.keep) if text is not None)
            yield from rows.columns.values()


def streams_of(package: str) -> Callable[[], Mapping[str, Stream]]:
    """What reads the streams of a kind of source, once: one JSON file each in the folder ``streams`` of its package.

    It raises InvalidParameters: a file says something that a stream cannot say.
    """
    return cache(lambda: read_streams(files(package) / "streams"))


def read_streams(folder: Traversable) -> dict[str, Stream]:
    """The streams of a folder, one JSON file each, by name. Raises InvalidParameters."""
    documents = [(file.name, file.read_text()) for file in folder.iterdir() if file.name.endswith(".json")]
    found = [read_stream(text, name=name) for name, text in sorted(documents)]
    return {stream.stream: stream for stream in found}


def read_stream(document: Any, *, name: str = "stream") -> Stream:
    """The stream of a JSON text or of what that is parsed to.

    Raises:
        InvalidParameters: it says something that a stream cannot say; the message has the path of each mistake.
    """
    try:
        return Stream.model_validate_json(document) if isinstance(document, str) else Stream.model_validate(document)
    except ValidationError as error:
        raise invalid(error, Stream.model_json_schema(), whole="document", subject=name) from error
