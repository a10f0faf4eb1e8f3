"""What a load of hours or zones tells of stores that are in one file and not in another: keys may be spelt apart."""

from typing import Final

from sqlalchemy import Connection

from app.series.counterparts import polled_without, without_polls
from app.wording.warnings import EXAMPLES, DataWarning, warning

#: What warnings call the zone of stores without one.
_DEFAULT_ZONE: Final = "of OPENHOURS_DEFAULT_TIMEZONE"


def lacking_counterparts(connection: Connection, staged: str, table: str, *, code: str) -> tuple[DataWarning, ...]:
    """Warnings of merged rows.

    Args:
        connection: in the transaction of the load.
        staged: its table of staged rows, with the column ``entity_id``.
        table: where they are merged.
        code: of the warning about stores with polls that have no row there.
    """
    found = (
        ("keys_without_polls", without_polls(connection, staged, examples=EXAMPLES)),
        (code, polled_without(connection, table, staged, examples=EXAMPLES)),
    )
    return tuple(warning(code, one.count, one.examples, zone=_DEFAULT_ZONE) for code, one in found if one.count)
