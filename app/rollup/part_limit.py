"""How many parts a result may have, and what would make them fewer."""

import math
from typing import Final

from app.errors import TooManyParts

#: Parts of a result: each is named in the manifest and in every answer to a poll, and nobody opens more.
MOST_PARTS: Final = 10_000

#: By what larger parts are recommended than what was written needs: what is left may have longer lines.
MARGIN: Final = 1.25


def require_few(
    parts: int, *, header_bytes: int, most_bytes: int, line_bytes: int, longest_line: int, share: float
) -> None:
    """Refuse a result of more parts than there may be.

    Args:
        parts: that there are, or that the next lines need.
        header_bytes: of the header of each part.
        most_bytes: of a part.
        line_bytes: of the lines that were written.
        longest_line: of these, bytes: so much of a part may stay empty, because lines are not cut.
        share: of the accepted rows that went into those lines, 0 to 1.

    Raises:
        TooManyParts: they are too many; says which max_part_bytes would do.
    """
    if parts <= MOST_PARTS:
        return
    needed = header_bytes + longest_line + math.ceil(MARGIN * line_bytes / max(share, 1e-9) / MOST_PARTS)
    raise TooManyParts(
        f"The result needs more than {MOST_PARTS:,} parts of at most {most_bytes:,} bytes, which is the limit; "
        f"they have {100 * share:.3g} % of the rows. Raise max_part_bytes: to judge by these rows, {needed:,} would do."
    )
