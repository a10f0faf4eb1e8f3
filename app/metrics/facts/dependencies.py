"""Facts ``dependencies``: what repositories depended on, on a day."""

from typing import Any, Final

from sqlalchemy import Date, Select, case, cast, func, null, select

from app.ingest.kinds.dependencies import DependencyLoading
from app.metrics.facts.fact import REPO_ID, Asked, Fact, FactColumn, Type

#: One version and nothing else: no range, no placeholder such as the x of 2.x.
_PINNED: Final = r"^(?!.*\.[xX](\.|$))(==|=)?\s*v?[0-9][0-9A-Za-z.+_!-]*$"

_COLUMNS: Final = {
    "seen_on": FactColumn(Type.DAY, "the day, UTC"),
    "ecosystem": FactColumn(Type.WORD, "such as npm or pypi"),
    "name": FactColumn(Type.WORD, "of the package"),
    "version": FactColumn(Type.WORD, "as declared or locked; unknown if it is neither"),
    "is_pinned": FactColumn(
        Type.TRUTH,
        "whether it is one version, such as `1.0` or `==1.0`, rather than a range, such as `2.x`",
    ),
}


def _rows(asked: Asked) -> Select[Any]:
    of = DependencyLoading.table
    version, ecosystem = (case((column == "", null()), else_=column) for column in (of.c.version, of.c.ecosystem))
    return select(
        of.c.repo_id.label(REPO_ID),
        of.c.seen_on,
        ecosystem.label("ecosystem"),
        of.c.name,
        version.label("version"),
        func.coalesce(of.c.version.regexp_match(_PINNED), False).label("is_pinned"),
    ).where(of.c.seen_on <= cast(func.timezone("UTC", asked.as_of), Date))


DEPENDENCIES: Final = Fact(
    name="dependencies",
    summary="what repositories depend on, once a day",
    stream="dependencies",
    columns=_COLUMNS,
    rows=_rows,
    when="seen_on",
)
