"""Facts ``releases``: what was published."""

from typing import Any, Final

from sqlalchemy import Select, func, select

from app.ingest.kinds.releases import ReleaseLoading
from app.metrics.facts.fact import REPO_ID, Asked, Fact, FactColumn, Type, until

#: The last number of a version by semver.org, with what often stands in front: v2.0.0, app-3.0.0.
_SEMVER: Final = r"(^|[^0-9.])(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))?(\+[0-9A-Za-z.-]+)?$"
_MAJOR: Final = r"(^|[^0-9.])[1-9][0-9]*\.0(\.0)?(\+[0-9A-Za-z.-]+)?$"

_COLUMNS: Final = {
    "tag": FactColumn(Type.WORD, "of the release"),
    "is_draft": FactColumn(Type.TRUTH, "whether it is a draft"),
    "is_prerelease": FactColumn(Type.TRUTH, "whether it is a prerelease"),
    "is_versioned": FactColumn(
        Type.TRUTH,
        "whether the tag ends in a version such as 2.14.0: two or three numbers without zeros in front",
    ),
    "is_major": FactColumn(
        Type.TRUTH,
        "whether all numbers of that version except the first are zero, and the first is not",
    ),
    "published_at": FactColumn(Type.INSTANT, "when it was published"),
}


def _rows(asked: Asked) -> Select[Any]:
    release = ReleaseLoading.table
    return select(
        release.c.repo_id.label(REPO_ID),
        release.c.tag,
        func.coalesce(release.c.is_draft, False).label("is_draft"),
        func.coalesce(release.c.is_prerelease, False).label("is_prerelease"),
        release.c.tag.regexp_match(_SEMVER).label("is_versioned"),
        release.c.tag.regexp_match(_MAJOR).label("is_major"),
        until(release.c.published_at, asked).label("published_at"),
    )


RELEASES: Final = Fact(
    name="releases",
    summary="releases: when each was published",
    stream="releases",
    columns=_COLUMNS,
    rows=_rows,
    when="published_at",
)
