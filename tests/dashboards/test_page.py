"""The page of dashboards has every view with its columns, as the database has them."""

import re

import pytest
from sqlalchemy import text

from app.dashboards.tables import VIEWS
from app.storage.resources import Resources
from tests.commands import REPOSITORY

PAGE = (REPOSITORY / "docs" / "dashboards.md").read_text(encoding="utf-8")

COLUMNS = text(
    "SELECT attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum) FROM pg_attribute "
    "WHERE attrelid = CAST(:view AS regclass) AND attnum > 0 ORDER BY attnum"
)


@pytest.mark.parametrize("view", VIEWS)
def test_the_columns_of_a_view_are_those_of_the_page(resources: Resources, view: str) -> None:
    section = PAGE.split(f"\n### `{view}`\n")[1].split("\n#")[0]
    told = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (.+) \|$", section, re.MULTILINE)
    with resources.engine.connect() as connection:
        assert told == [tuple(row) for row in connection.execute(COLUMNS, {"view": view})]


def test_the_page_has_every_view(resources: Resources) -> None:
    with resources.engine.connect() as connection:
        views = connection.scalars(text("SELECT viewname FROM pg_views WHERE schemaname = 'public'"))
        assert set(views) == set(VIEWS) == set(re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE))
