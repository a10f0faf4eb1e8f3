"""docs/architecture.md describes the code as it is: its rooms, its diagram, and the ways that data takes."""

import re
import tomllib

import pytest

from tests.commands import REPOSITORY
from tests.structure import diagram, measure
from tests.test_architecture import imports

PAGE = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")

WAYS = ("A trigger's parameters", "A row in", "A figure out")

#: How a step gets from one module to the next; only the first is an import.
OVER = {"import", "row", "function"}

Step = tuple[str, str, str]


def section(title: str) -> str:
    return re.split(r"^#+ ", PAGE.partition(f"# {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def steps(way: str) -> list[Step]:
    """From, to and over of every line of a table."""
    return re.findall(r"^\| `([\w.]+)` \| `([\w.]+)` \| (\w+) \|", section(way), re.MULTILINE)


def layers() -> list[tuple[str, set[str]]]:
    """The rooms of each layer of the contract by its number, from the top down."""
    options = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    lines = options["tool"]["importlinter"]["contracts"][0]["layers"]
    return [(str(len(lines) - place), set(line.split(" | "))) for place, line in enumerate(lines)]


def test_the_page_lists_the_rooms_of_each_layer_and_no_others() -> None:
    listed = re.findall(r"^\| (\d+) \| `(\w+)` \| \S", section("Rooms"), re.MULTILINE)
    by_layer = [(number, {room for at, room in listed if at == number}) for number in dict(listed)]
    assert by_layer == layers()
    assert len(listed) == sum(len(rooms) for _, rooms in layers())


def test_the_page_names_the_rooms_that_have_tables() -> None:
    declared = {path.parent.name for path in (REPOSITORY / "app").rglob("tables.py")}
    sentence = section("Rooms").partition("tables.py`: ")[2].partition(".")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) == declared


def test_the_diagram_is_that_of_the_code() -> None:
    """``make structure`` has the figures; ``python -m tests.structure --diagram`` prints what belongs here."""
    drawn = section("Who may import whom").partition("```mermaid\n")[2].partition("\n```")[0]
    assert drawn == diagram(measure(REPOSITORY))


@pytest.mark.parametrize("way", WAYS)
def test_each_step_of_a_way_leads_from_a_module_that_was_reached_to_one_that_exists(way: str) -> None:
    reached = {steps(way)[0][0]}
    for origin, target, over in steps(way):
        assert origin in reached, origin
        assert {f"app.{origin}", f"app.{target}"} <= imports().modules
        assert over in OVER
        reached.add(target)
    assert len(steps(way)) == section(way).count("\n| `")


@pytest.mark.parametrize("way", WAYS)
def test_a_step_is_an_import_exactly_where_the_page_says_so(way: str) -> None:
    for origin, target, over in steps(way):
        exists = imports().direct_import_exists(importer=f"app.{origin}", imported=f"app.{target}")
        assert exists == (over == "import"), f"{origin} to {target}"


def test_every_place_that_a_change_goes_to_exists() -> None:
    places = {
        place
        for title in ("Where a change goes", "How to add")
        for place in re.findall(r"`((?:app|tests)/[\w./]+)`", section(title))
    }
    assert len(places) > 10
    assert [place for place in sorted(places) if not (REPOSITORY / place).exists()] == []
