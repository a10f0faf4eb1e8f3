"""Options that stand for parameters in a word."""

from typing import Any

import pytest

from app.commands.report import meant
from app.errors import InvalidParameters
from app.reports.registry import REPORT_KINDS

UPTIME = REPORT_KINDS["uptime"]


@pytest.mark.parametrize(
    ("word", "given", "params"),
    [
        (None, {}, {}),
        ("excel", {}, {"excel": "en"}),
        ("excel-de", {}, {"excel": "de"}),
        ("excel-de", {"excel": "de"}, {"excel": "de"}),
    ],
)
def test_for_excel_is_a_spelling_of_the_parameter(
    word: str | None, given: dict[str, Any], params: dict[str, Any]
) -> None:
    assert meant(UPTIME, {"for": word}, given) == params


@pytest.mark.parametrize(
    ("word", "given", "said"),
    [
        ("exel", {}, "--for: 'exel' is not one of its words; allowed: excel or excel-de"),
        ("excel", {"excel": "de"}, "--for: 'excel' contradicts --excel; give one of them"),
    ],
)
def test_a_word_that_is_none_or_contradicts_is_refused(word: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        meant(UPTIME, {"for": word}, given)
    assert said in caught.value.message
