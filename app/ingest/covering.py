"""Options that say what a file tells everything of, and the kinds for which they are."""

from collections.abc import Collection
from typing import Final

from app.errors import InvalidParameters
from app.ingest.kind import DatasetKind

_OF_COUNTS: Final = ("source", "covers", "covers_from", "covers_to")
_OF_SNAPSHOTS: Final = ("snapshot", "covers_to")

#: All of them, by their names.
COVERING: Final = tuple(dict.fromkeys(_OF_COUNTS + _OF_SNAPSHOTS))


def require_covering(kind: DatasetKind, given: Collection[str]) -> None:
    """Raise InvalidParameters if an option is given that files of the kind have no use for."""
    allowed = (_OF_COUNTS if kind.is_counts else ()) + (_OF_SNAPSHOTS if kind.has_snapshots else ())
    for name in COVERING:
        if name in given and name not in allowed:
            kinds = " and ".join(
                one for one, names in (("installs", _OF_COUNTS), ("commits", _OF_SNAPSHOTS)) if name in names
            )
            raise InvalidParameters(
                f"{name}: files of kind {kind.name} do not use it; allowed for {kinds}. Leave {name} out."
            )
