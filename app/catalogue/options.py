"""Options for checking and loading a file, set by its sender."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import from_json

from app.deliveries.notify import MOST_RECIPIENTS
from app.ids import NAME
from app.ingest.kind import DEFAULT_SOURCE, Coverage, Covers
from app.ingest.pages.plan import PagePlan
from app.ingest.policy import DEFAULT_MAX_ERRORS, DEFAULT_ON_ERROR, MOST_REJECTED, OnError, Policy
from app.ingest.values import date_of
from app.ingest.zones import hint
from app.jobs.kind import Params
from app.mapping.document import Mapping as FileMapping
from app.mapping.document import read_mapping, with_values, written
from app.timeline.zones import known_zones
from app.wording.each_once import json_of
from app.wording.validation import invalid


class UsedMapping(Params):
    """The mapping that a file is read with: its document, and the name and version that it had then."""

    name: str | None = None
    version: int | None = None
    document: dict[str, Any]


class LoadOptions(Params):
    """Options of an upload; the same names in addresses, in ``Upload-Metadata`` and on the command line."""

    on_error: OnError = Field(
        DEFAULT_ON_ERROR,
        description="What to do with invalid rows: `reject_file` loads nothing, `skip_rows` loads the other rows.",
    )
    max_errors: int = Field(
        DEFAULT_MAX_ERRORS,
        ge=0,
        le=MOST_REJECTED,
        description="With `skip_rows`: reject the file if more rows than this are invalid.",
    )
    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        None, description="For a file without a header: its column names in order, separated by commas."
    )
    mapping: UsedMapping | str | None = Field(
        None,
        description="How to convert the file into rows if its columns differ from the kind's: name of a "
        "mapping, or JSON.",
    )
    set: dict[str, str] | None = Field(
        None,
        description="A column of the kind that has the same text in every row, such as repo=owner/name, or several "
        "columns in JSON. It overrides a mapping; without a mapping, the file must not have the column.",
    )
    assume_zone: str | None = Field(
        None, description="IANA zone of timestamps without a zone. Default: they are invalid."
    )
    valid_from: str | None = Field(
        None,
        description="For files of hours or time zones without that column: the first date on which they apply, such "
        "as 2026-07-01; earlier ones stay. Default: they apply on any date.",
    )
    source: str | None = Field(
        None,
        pattern=NAME,
        description="For files of counts: the source of the counts, such as pypistats; the file replaces the counts "
        f"of this source on the days that it covers. Default: {DEFAULT_SOURCE}.",
    )
    covers: Covers | None = Field(
        None,
        description="For files of counts: whether the file covers `all` entities of its source, so that those without "
        "a row have 0, or only each `named` one on the days on which it has a row. Default: all.",
    )
    covers_from: str | None = Field(
        None, description="For files of counts: the first date that the file covers, if no row has it."
    )
    covers_to: str | None = Field(
        None, description="For files of counts and of commits: the last date that the file covers."
    )
    snapshot: bool = Field(
        False,
        description="For commits: the file is complete for its repositories; commits that it lacks are removed.",
    )
    notify: tuple[str, ...] | None = Field(
        None,
        max_length=MOST_RECIPIENTS,
        description="Recipients to notify when the file is loaded or rejected: names of webhooks, and mail addresses, "
        "separated by commas.",
    )
    force: bool = Field(False, description="Load the file even if the same bytes are already loaded.")

    @field_validator("columns", "notify", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: Any) -> Any:
        return [name.strip() for name in value.split(",")] if isinstance(value, str) else value

    @field_validator("notify")
    @classmethod
    def _each_once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return tuple(dict.fromkeys(filter(None, names or ()))) or None

    @field_validator("set", mode="before")
    @classmethod
    def _one_or_json(cls, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return value or None
        if value.lstrip().startswith("{"):
            found = from_json(value)
            json_of(value)  # which names what is there twice
            return found
        name, given, text = value.partition("=")
        if not (given and name.strip()):
            raise ValueError("is not COLUMN=TEXT such as store_id=shop, nor an object in JSON")
        return {name.strip(): text}

    @field_validator("assume_zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone == "":
            return None
        if zone is not None and zone not in known_zones():
            raise ValueError(f"is not a zone of the IANA time zone database such as America/Chicago{hint(zone)}")
        return zone

    @field_validator("valid_from", "covers_from", "covers_to")
    @classmethod
    def _date(cls, text: str | None) -> str | None:
        if text:
            date_of(text)
        return text or None

    @model_validator(mode="after")
    def _first_before_last(self) -> "LoadOptions":
        if self.covers_from is not None and (self.covers_to is None or self.covers_to < self.covers_from):
            raise ValueError("covers_from needs a covers_to on or after it")
        return self

    @field_validator("mapping", mode="before")
    @classmethod
    def _named_or_whole(cls, value: Any) -> Any:
        if isinstance(value, str) and value.lstrip().startswith("{"):
            return UsedMapping(document=written(read_mapping(value)))
        return value

    def with_values(self) -> "LoadOptions":
        """These options, with what is ``set`` in the mapping itself, if any, by which the dataset is read then on."""
        if not self.set or not isinstance(self.mapping, UsedMapping):
            return self
        document = written(with_values(read_mapping(self.mapping.document), self.set))
        return self.model_copy(update={"mapping": self.mapping.model_copy(update={"document": document})})

    @property
    def file_mapping(self) -> FileMapping | None:
        """The mapping itself; a name must have been resolved before."""
        return read_mapping(self.mapping.document) if isinstance(self.mapping, UsedMapping) else None

    @property
    def policy(self) -> Policy:
        """The policy for the checker."""
        return Policy(
            on_error=self.on_error,
            max_errors=self.max_errors,
            columns=self.columns,
            mapping=self.file_mapping,
            values=self.set or {},
            assume_zone=self.assume_zone,
            valid_from=None if self.valid_from is None else date_of(self.valid_from),
            coverage=self._coverage,
            is_snapshot=self.snapshot,
        )

    @property
    def _coverage(self) -> Coverage:
        first, last = (None if text is None else date_of(text) for text in (self.covers_from, self.covers_to))
        return Coverage(
            source=self.source or DEFAULT_SOURCE,
            covers=self.covers or Covers.ALL,
            days=None if last is None else (last if first is None else first, last),
        )


class FollowUp(Params):
    """A report that is to be made of a dataset when its rows are loaded, unasked."""

    report: str
    params: dict[str, Any]

    def params_of(self, dataset_id: str) -> dict[str, Any]:
        """The parameters, with the dataset in them."""
        return {**self.params, "datasets": [dataset_id]}


class FollowedOptions(LoadOptions):
    """Options of a dataset that is followed by a report; no sender sets that itself."""

    then: FollowUp


class SampleOptions(LoadOptions):
    """Options of review times that a client of the founding system has sent, under an id of its own."""

    upload_id: UUID = Field(description="Id of the sample, a UUID that the sender generates.")


class PagesOptions(LoadOptions):
    """Options of a dataset whose bytes are pages of an API; no sender sets that itself."""

    pages: PagePlan


def kept_options(options: Mapping[str, Any]) -> LoadOptions:
    """The options that are kept with an upload or a dataset."""
    if "pages" in options:
        return PagesOptions.model_validate(options)
    if "upload_id" in options:
        return SampleOptions.model_validate(options)
    return (FollowedOptions if "then" in options else LoadOptions).model_validate(options)


def load_options(**given: Any) -> LoadOptions:
    """Options from texts or values; None means the default.

    Raises:
        InvalidParameters: a value is not allowed.
    """
    try:
        return kept_options({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        schema = (SampleOptions if "upload_id" in given else LoadOptions).model_json_schema()
        raise invalid(error, schema, whole="options") from error
