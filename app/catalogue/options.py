"""How a file is to be checked and loaded, as whoever brings it says."""

from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from app.ingest.policy import DEFAULT_MAX_ERRORS, DEFAULT_ON_ERROR, MOST_REJECTED, OnError, Policy
from app.jobs.kind import Params
from app.wording.validation import invalid


class LoadOptions(Params):
    """Options of an upload; the same names in addresses, in ``Upload-Metadata`` and on the command line."""

    on_error: OnError = Field(
        DEFAULT_ON_ERROR,
        description="What one wrong row does: `reject_file` (nothing is loaded) or `skip_rows` (the others are).",
    )
    max_errors: int = Field(
        DEFAULT_MAX_ERRORS,
        ge=0,
        le=MOST_REJECTED,
        description="With `skip_rows`: more wrong rows than this reject the file.",
    )
    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        None, description="Names of the columns, separated by commas, of a file without a header."
    )
    force: bool = Field(False, description="Load it even if the same bytes were loaded before.")

    @field_validator("columns", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: Any) -> Any:
        return [name.strip() for name in value.split(",")] if isinstance(value, str) else value

    @property
    def policy(self) -> Policy:
        """What the checker is told."""
        return Policy(on_error=self.on_error, max_errors=self.max_errors, columns=self.columns)


def load_options(**given: Any) -> LoadOptions:
    """Options from texts or values; None means the default.

    Raises:
        InvalidParameters: one of them cannot be.
    """
    try:
        return LoadOptions.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise invalid(error, LoadOptions.model_json_schema(), whole="options") from error
