"""The policy for invalid rows, and the limits of files."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.errors import InvalidParameters
from app.ingest.kind import Coverage
from app.ingest.refusal import refusal
from app.mapping.document import Mapping

#: Rejected rows after which reading stops, whatever the policy: rejects.csv has room for all of them, and
#: nobody corrects more by hand.
MOST_REJECTED: Final = 100_000

#: Longest line or row by default, bytes.
MAX_ROW_BYTES: Final = 1 << 20

#: Longest field, bytes: no valid value comes near it.
MAX_FIELD_BYTES: Final = 64 << 10

#: Largest file by default, after unpacking, bytes.
MAX_UNPACKED_BYTES: Final = 64 << 30

#: How many times as long as it came a gzip file, or the text in a Parquet file, may become by default. Logs become 5 to
#: 30 times as long; gzip can do a thousand times and Parquet a million, which costs whoever sends it nothing.
MAX_UNPACK_RATIO: Final = 100

#: Up to here the ratio does not count: a small file may repeat itself, bytes.
UNPACK_FLOOR_BYTES: Final = 64 << 20


class OnError(StrEnum):
    """What to do with an invalid row."""

    REJECT_FILE = "reject_file"
    SKIP_ROWS = "skip_rows"


#: The default.
DEFAULT_ON_ERROR: Final = OnError.REJECT_FILE
DEFAULT_MAX_ERRORS: Final = 1000


@dataclass(frozen=True, slots=True)
class Policy:
    """How to load one file.

    Attributes:
        on_error: whether an invalid row rejects the whole file or is skipped.
        max_errors: with skip_rows, more rejected rows than this reject the file anyway.
        columns: names for a file without a header; its first line is then data.
        mapping: how the file becomes rows; None: it has the kind's own columns.
        values: without a mapping, columns that have one text in every row, by their names.
        assume_zone: zone of instants that name none; None: they are invalid.
        valid_from: day since 1970-01-01 from which every row holds; None: what the rows say.
        coverage: what a file of counts tells everything of.
        is_snapshot: the file is all that there is of the entities that it names.
    """

    on_error: OnError = DEFAULT_ON_ERROR
    max_errors: int = DEFAULT_MAX_ERRORS
    columns: tuple[str, ...] | None = None
    mapping: Mapping | None = None
    values: Dict[str, str] = field(default_factory=dict)
    assume_zone: str | None = None
    valid_from: int | None = None
    coverage: Coverage = Coverage()  # noqa: RUF009 - frozen
    is_snapshot: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.max_errors <= MOST_REJECTED:
            raise InvalidParameters(
                f"max_errors is {self.max_errors}; allowed: a whole number from 0 to {MOST_REJECTED}."
            )

    @property
    def is_log_of_changes(self) -> bool:
        """Whether each row holds until the next one; then rows belong together that come one after the other."""
        return self.mapping is not None and self.mapping.holds is not None

    @property
    def allowed(self) -> int:
        """Number of rejected rows with which a file is still loaded."""
        return self.max_errors if self.on_error is OnError.SKIP_ROWS else 0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a file, bytes. A row counts as in the file, without its line end; a field, unquoted.

    Once more than ``unpack_floor_bytes`` are unpacked, at most ``max_unpack_ratio`` times those read so far may be.
    """

    max_row_bytes: int = MAX_ROW_BYTES
    max_field_bytes: int = MAX_FIELD_BYTES
    max_unpacked_bytes: int = MAX_UNPACKED_BYTES
    max_unpack_ratio: int = MAX_UNPACK_RATIO
    unpack_floor_bytes: int = UNPACK_FLOOR_BYTES

    def require_modest(
        self, name: str, *, read_bytes: int, unpacked_bytes: int, advice: str = "Send it unpacked"
    ) -> None:
        """Refuse a packed file that has become too long for the bytes read of it so far.

        Raises:
            RejectedFile: it has.
        """
        if unpacked_bytes > max(self.unpack_floor_bytes, self.max_unpack_ratio * read_bytes):
            raise refusal(
                "unpacks_too_far",
                f"{name} unpacks to more than {self.max_unpack_ratio} times its size: {read_bytes:,} bytes of it are "
                f"{unpacked_bytes:,} already. {advice}, or have OPENHOURS_MAX_UNPACK_RATIO raised.",
            )
