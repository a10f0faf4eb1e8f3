"""The document of a mapping: what it may say, and how it is refused when it says something else."""

from collections.abc import Iterator
from collections.abc import Mapping as Dict
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app.errors import InvalidParameters
from app.mapping.dates import require_date_format
from app.mapping.expressions import require_expression
from app.mapping.languages import require_language
from app.mapping.numbered_hours import FORMS
from app.timeline.zones import known_zones
from app.wording.each_once import NoNumber, RepeatedName, json_of
from app.wording.numbers import in_digits
from app.wording.suggestions import suggestions
from app.wording.validation import invalid

#: Longest document, characters: one with a thousand words has a tenth of it.
LONGEST: Final = 256 << 10

#: How a sentence about a brace ends.
_BRACES: Final = "; braces stand around places, as in {owner}/{name}, and a template cannot have one for itself"

_PLACES: Final = ("from", "value", "template")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Not(_Part):
    """Every text but these."""

    not_: Annotated[tuple[str, ...], Field(alias="not", min_length=1)]


#: The texts that a place may have, by the place: a column's name, or an expression.
Where = dict[str, tuple[str, ...] | Not]


class Rule(_Part):
    """Where the text of one column comes from, and what is done with it, in the order of these fields."""

    from_: str | int | None = Field(None, alias="from", description="Name, number from 1, or JMESPath expression.")
    value: str | None = Field(None, description="The same text in every row.")
    template: str | None = Field(None, description='Several places in one text: "{owner}/{name}".')
    between: tuple[str, str] | None = Field(None, description="Keep what stands between these two texts.")
    trim: StrictBool | str = Field(False, description="Cut spaces off both ends, or these characters.")
    lower: StrictBool = Field(False, description="Change capital letters to small ones.")
    words: dict[str, str] | None = Field(
        None, description='Text by text; "Draft:*" for all that begin so, "*" for the rest.'
    )
    number: Literal["1234.5", "1,234.5", "1.234,5"] | None = Field(None, description="How numbers are written.")
    date: str | None = Field(None, description="A format of instants and dates, or a pattern.")
    zone: str | None = Field(None, description="Zone of local times.")
    time: Literal["24h", "12h", "fraction", "minutes", "seconds", "milliseconds"] | None = Field(
        None, description="How times of day are written."
    )
    weekday: str | None = Field(None, description="Language of weekdays, which may be ranges.")
    hours: str | None = Field(
        None, description="Language of opening hours such as Mon-Fri 09:00-17:00, or a form of numbers."
    )

    @field_validator("from_", mode="before")
    @classmethod
    def _counted_from_one(cls, place: Any) -> Any:
        """Looked at as it came: pydantic takes true for 1."""
        is_number = isinstance(place, int) and not isinstance(place, bool)
        if place is not None and not (place >= 1 if is_number else isinstance(place, str) and place):
            raise ValueError("is not a place; give a column's name, its number from 1, or an expression")
        return place

    @field_validator("template")
    @classmethod
    def _paired_braces(cls, template: str | None) -> str | None:
        if template is not None:
            _require_places(template)
        return template

    @field_validator("words")
    @classmethod
    def _some_words(cls, words: dict[str, str] | None) -> dict[str, str] | None:
        if words == {}:
            raise ValueError('has no words; give what each text means, such as {"UP": "active", "*": "unknown"}')
        return words

    @field_validator("date")
    @classmethod
    def _known_date(cls, form: str | None) -> str | None:
        if form is not None:
            require_date_format(form)
        return form

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in known_zones():
            near = suggestions(zone, known_zones())[:1]
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"is not a zone of the IANA time zone database such as Europe/Berlin{meant}")
        return zone

    @field_validator("weekday", "hours")
    @classmethod
    def _known_language(cls, language: str | None, info: ValidationInfo) -> str | None:
        if language is not None and not (info.field_name == "hours" and language in FORMS):
            require_language(language)
        return language

    @model_validator(mode="after")
    def _makes_sense(self) -> "Rule":
        given = [
            name
            for name, place in zip(_PLACES, (self.from_, self.value, self.template), strict=True)
            if place is not None
        ]
        if len(given) != 1:
            raise ValueError(
                f"has {' and '.join(given) or 'none'} of from, value and template; it must have exactly one"
            )
        if self.zone is not None and self.date is None:
            raise ValueError('has a zone but no date; add for example "date": "iso"')
        readings = [name for name in ("number", "date", "time", "weekday", "hours") if getattr(self, name) is not None]
        if len(readings) > 1:
            raise ValueError(f"has {' and '.join(readings)}; a text can be read in one of these ways only")
        return self


class _Columns(_Part):
    columns: dict[str, Rule]
    where: Where = Field(default_factory=dict)


class Row(_Columns):
    """One of several rows that each record gives: these columns beside the common ones, of the records that fit."""


class Mapping(_Columns):
    """How a raw file becomes rows of a dataset kind."""

    kind: str
    format: Literal["csv", "json", "jsonl", "xlsx", "parquet"] = "csv"
    delimiter: str = ","
    encoding: Literal["utf-8", "utf-16", "cp1252", "latin-1"] = "utf-8"
    skip_lines: Annotated[int, BeforeValidator(in_digits), Field(ge=0, le=1000)] = Field(
        0, description="Lines before the header or first row."
    )
    header: StrictBool = Field(True, description="Whether the first row has the names of the columns.")
    sheet: str | None = Field(None, description="The sheet of a workbook that has several.")
    records: str | None = Field(None, description="JMESPath expression that finds the array of records in JSON.")
    null: tuple[str, ...] = Field((), description="Texts that mean no value, beside the empty one.")
    columns: dict[str, Rule]
    rows: tuple[Row, ...] = Field((), description="What each record gives, if that is not one row.")
    where: Where = Field(default_factory=dict, description="Only records with one of these texts.")
    holds: Literal["until_changed"] | None = Field(
        None, description="The file has changes alone: each poll holds until the next one of its store."
    )

    combine: dict[str, Literal["earliest", "latest", "known"]] = Field(
        default_factory=dict,
        description="Of events, rows of the same pull request add up: the earliest or latest instant of a column, or "
        "the last value that is known. In other columns the last row counts.",
    )

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, delimiter: str) -> str:
        if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
            raise ValueError('is not one ASCII character such as ";", "|" or "\\t"')
        return delimiter

    @field_validator("records")
    @classmethod
    def _known_expression(cls, expression: str | None) -> str | None:
        if expression is not None:
            require_expression(expression)
        return expression

    @model_validator(mode="after")
    def _fits_its_format(self) -> "Mapping":
        for name, formats in _ONLY_FOR.items():
            if name in self.model_fields_set and self.format not in formats:
                raise ValueError(f"{name} is for the format {' or '.join(formats)}, not for {self.format}")
        if self.holds is not None and self.kind != "polls":
            raise ValueError(f"holds is for the kind polls, not for {self.kind}")
        self._require_combinable()
        self._require_one_reading()
        for path, place in self._named_places():
            try:
                self._require_place(place)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from error
        return self

    def _require_combinable(self) -> None:
        """Only pull requests have events that add up, and only columns that the mapping gives."""
        if self.combine and self.kind != "pull_requests":
            raise ValueError(f"combine is for the kind pull_requests, not for {self.kind}")
        for name, how in self.combine.items():
            if name not in self.targets or name in _NOT_COMBINED:
                can = ", ".join(target for target in self.targets if target not in _NOT_COMBINED)
                raise ValueError(f"combine.{name}: is not a column that can be combined; allowed: {can}")
            if how != "known" and not name.endswith("_at"):
                raise ValueError(f"combine.{name}: {how} is for instants; allowed: known")

    def _require_one_reading(self) -> None:
        """A column is checked as one: its texts are read in one way, whichever row of a record they are in."""
        first: dict[str, tuple[str, dict[str, Any]]] = {}
        for number, row in enumerate(self.rows):
            for name, rule in row.columns.items():
                reading = rule.model_dump(exclude={"from_", "value", "template"})
                path, before = first.setdefault(name, (f"rows.{number}", reading))
                if reading != before:
                    raise ValueError(
                        f"rows.{number}.columns.{name} reads its texts in another way than {path}.columns.{name}; "
                        "they may differ in from, value and template only"
                    )

    def _require_place(self, place: str | int) -> None:
        if self.format in {"json", "jsonl"}:
            if isinstance(place, int):
                raise ValueError(f'{place} is a number; in {self.format} a place is an expression such as "id"')
            require_expression(place)
        elif self.format == "parquet":
            if isinstance(place, int):
                raise ValueError(f'{place} is a number; in parquet a place is a name such as "details.installer.name"')
        elif not self.header and not isinstance(place, int) and not place.isdecimal():
            raise ValueError(f"{place!r} is a name, but the file has no header; give the column's number")

    def _named_places(self) -> Iterator[tuple[str, str | int]]:
        """Every place that is looked at, with its path in the document."""
        rows: list[tuple[str, _Columns]] = [("", self)]
        rows += [(f"rows.{number}.", row) for number, row in enumerate(self.rows)]
        for prefix, row in rows:
            for name, rule in row.columns.items():
                for place in places_of(rule):
                    yield f"{prefix}columns.{name}", place
            for place in row.where:
                yield f"{prefix}where.{place}", place

    @property
    def places(self) -> list[str | int]:
        """Every place of a record that is looked at, each once, in the order in which the document names them."""
        return list(dict.fromkeys(place for _, place in self._named_places()))

    @property
    def rules(self) -> dict[str, Rule]:
        """The rule of each column of the kind that its rows have; how it reads its texts is the same in all of them."""
        return {name: rule for row in (self, *self.rows) for name, rule in row.columns.items()}

    @property
    def targets(self) -> list[str]:
        """The columns of the kind that its rows have, each once."""
        every = (self.columns, *(row.columns for row in self.rows))
        return list(dict.fromkeys(name for columns in every for name in columns))


#: What names a pull request, and lists, of which the last row counts.
_NOT_COMBINED: Final = {"repo", "number", "labels"}

#: Members that only some formats have.
_ONLY_FOR: Final = {
    "delimiter": ("csv",),
    "encoding": ("csv",),
    "sheet": ("xlsx",),
    "records": ("json",),
    "header": ("csv", "xlsx"),
    "skip_lines": ("csv", "xlsx"),
}


def read_mapping(document: Any, *, name: str = "mapping") -> Mapping:
    """The mapping of a JSON text or of what that is parsed to.

    Raises:
        InvalidParameters: it says something that a mapping cannot say; the message has the path of each mistake.
    """
    if isinstance(document, str) and len(document) > LONGEST:
        raise InvalidParameters(f"{name}: the document has {len(document):,} characters; allowed are {LONGEST:,}.")
    try:
        if isinstance(document, str):
            found = Mapping.model_validate_json(document)
            json_of(document)  # which names what is there twice
        else:
            found = Mapping.model_validate(document)
    except (RepeatedName, NoNumber) as error:
        raise InvalidParameters(f"{name}: {error}.") from error
    except ValidationError as error:
        raise invalid(error, Mapping.model_json_schema(), whole="document", subject=name) from error
    return found


def written(mapping: Mapping) -> dict[str, Any]:
    """The document again, JSON-ready, without what is as it is by default."""
    return mapping.model_dump(mode="json", by_alias=True, exclude_unset=True)


def with_values(mapping: Mapping, values: Dict[str, str]) -> Mapping:
    """The same mapping, but these columns of the kind have these texts in every row."""
    document = written(mapping)
    for columns in (document["columns"], *(row["columns"] for row in document.get("rows", ()))):
        for name in values:
            columns.pop(name, None)
    document["columns"] |= {name: {"value": text} for name, text in values.items()}
    return read_mapping(document)


def places_of(rule: Rule) -> list[str | int]:
    """The places that a rule looks at."""
    named = [] if rule.from_ is None else [rule.from_]
    return named if rule.template is None else [*named, *template_places(rule.template)]


def template_places(template: str) -> list[str]:
    """The places between braces, in order."""
    return [part.partition("}")[0] for part in template.split("{")[1:]]


def _require_places(template: str) -> None:
    """Raise ValueError for braces that are not around a place: a template has no others, nor a way to write them."""
    opened: int | None = None
    for at, one in enumerate(template, start=1):
        if one == "{" and opened is not None:
            raise ValueError(f"has a {{ at character {at} inside of the place that begins at {opened}{_BRACES}")
        if one == "}" and opened is None:
            raise ValueError(f"has a }} at character {at} that closes no place{_BRACES}")
        if one == "}" and opened == at - 1:
            raise ValueError(f"has nothing between the braces at character {opened}{_BRACES}")
        if one in "{}":
            opened = at if one == "{" else None
    if opened is not None:
        raise ValueError(f"has a {{ at character {opened} that no }} closes{_BRACES}")


def may_be_joined(place: str) -> bool:
    """Whether a template can name a place."""
    return place != "" and not {*place} & {*"{}"}
