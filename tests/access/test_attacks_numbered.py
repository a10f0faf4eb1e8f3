"""The attacks have numbers, 1 to 80: none of them is without a test."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]

#: A number in the name of a test, or at the beginning of a line of a table of attacks.
NUMBERED = re.compile(r"def test_(?:attack_)?(\d\d?)_|^ +(?:Attack)?\((\d\d?), \"", re.MULTILINE)

#: Where tables are; elsewhere a number in parentheses is something else.
TABLES = {"test_attacks.py", "test_this_machine.py"}


def numbers_of(path: Path) -> set[int]:
    found = NUMBERED.finditer(path.read_text(encoding="utf-8"))
    return {int(one[1] or one[2]) for one in found if one[1] or path.name in TABLES}


def test_each_attack_has_a_test() -> None:
    numbers = set().union(*(numbers_of(path) for path in TESTS.rglob("test_*.py")))
    assert set(range(1, 81)) - numbers == set()
