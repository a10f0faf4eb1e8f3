"""What a mapping may say, and in which words it is refused."""

from typing import Any

import pytest

from app.errors import InvalidParameters
from app.mapping.document import read_mapping, with_values, written

DATE = {"from": "at", "date": "iso"}


def column(**rule: Any) -> dict[str, Any]:
    return {"kind": "polls", "columns": {"at": {"from": "x", **rule}}}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"kind": "polls", "colums": {}}, "colums: is not known (did you mean 'columns'?)"),
        (column(frm="y"), "columns.at.frm: is not known (did you mean 'from'?)"),
        (column(value="y"), "has from and value of from, value and template; it must have exactly one"),
        (column(date="DMYYYY"), "columns.at.date: 'DMYYYY' fits in two ways: DM does not say where one number ends"),
        (column(date="DD.MM.YYYY hh:mm"), "fits in two ways: hours from 1 to 12, hh or h, need A for AM or PM"),
        (column(date="DD.MM"), "does not have year, month and day"),
        (column(date="iso8601"), "has 'i' at character 1, and is neither a format nor a pattern; formats are iso, dmy"),
        (column(date="iso", zone="Europe/Berlim"), "did you mean Europe/Berlin?"),
        (column(words={}), "columns.at.words: {} has no words; give what each text means, such as"),
        ({"kind": "hours", "columns": {}, "holds": "until_changed"}, "holds is for the kind polls, not for hours"),
        (column(zone="UTC"), 'has a zone but no date; add for example "date": "iso"'),
        (column(date="iso", number="1234.5"), "has number and date; a text can be read in one of these ways only"),
        (column(weekday="klingon"), "columns.at.weekday: 'klingon' is not a language such as en, de or pt_BR"),
        ({**column(), "delimiter": ";;"}, "delimiter: ';;' is not one ASCII character"),
        ({**column(), "format": "json", "delimiter": ";"}, "delimiter is for the format csv, not for json"),
        (
            {**column(), "header": False},
            "columns.at: 'x' is a name, but the file has no header; give the column's number",
        ),
        (
            {"kind": "polls", "format": "json", "columns": {"at": {"from": "a..b"}}},
            "columns.at: the expression 'a..b' does not parse at character 3, '.b'",
        ),
        (
            {"kind": "polls", "columns": {}, "rows": [{"columns": {"at": DATE}}, {"columns": {"at": {"from": "y"}}}]},
            "rows.1.columns.at reads its texts in another way than rows.0.columns.at",
        ),
        ({**column(), "combine": {"at": "latest"}}, "combine is for the kind pull_requests, not for polls"),
        (
            {"kind": "pull_requests", "columns": {"number": {"from": "n"}}, "combine": {"number": "latest"}},
            "combine.number: is not a column that can be combined",
        ),
        (
            {"kind": "pull_requests", "columns": {"author": {"from": "n"}}, "combine": {"author": "latest"}},
            "combine.author: latest is for instants; allowed: known",
        ),
        *(
            ({"kind": "polls", "columns": {"at": {"from": place}}}, f"columns.at.from: {shown} is not a place; give a")
            for place, shown in (
                *((1.5, "1.5"), (["a"], "['a']"), (float("nan"), "NaN"), ({}, "{}")),
                *((True, "true"), (False, "false"), (0, "0"), ("", "''")),
            )
        ),
        *(
            (
                {"kind": "polls", "columns": {"at": {"template": template}}},
                f"columns.at.template: '{template}' has {said}; braces stand around places, as in {{owner}}/{{name}}",
            )
            for template, said in (
                ("{a", "a { at character 1 that no } closes"),
                ("x/{a}{b", "a { at character 6 that no } closes"),
                ("{a}}", "a } at character 4 that closes no place"),
                ("a}", "a } at character 2 that closes no place"),
                ("{{a}}", "a { at character 2 inside of the place that begins at 1"),
                ("x{}", "nothing between the braces at character 2"),
            )
        ),
        (column(trim=1), "columns.at.trim: 1 is not true or false or a text"),
        (column(lower="yes"), "columns.at.lower: 'yes' is not true or false"),
        ({**column(), "header": 0}, "header: 0 is not true or false"),
        (column(between=["a", 1]), "columns.at.between.1: 1 is not a text"),
        (
            {**column(), "where": {"T": {"in": ["x"]}}},
            'where.T: {"in": ["x"]} is not a list of texts or an object with not',
        ),
        ({**column(), "where": {"T": "x"}}, "where.T: 'x' is not a list of texts or an object with not"),
        ({**column(), "where": {"T": ["x", 1]}}, "where.T.1: 1 is not a text"),
        ({**column(), "where": {"T": {"not": []}}}, "where.T.not: [] is not a list of texts, at least 1"),
        (
            {"kind": "polls", "format": "json", "records": "data[?", "columns": {}},
            "mapping: records: the expression 'data[?' does not parse at its end; it must be JMESPath",
        ),
        ("[]", "document: [] is not an object"),
        ("{", "document: is not valid JSON"),
    ],
)
def test_a_document_is_refused_with_its_path_and_what_is_allowed(document: Any, said: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        read_mapping(document)
    assert caught.value.message.startswith("mapping: ")
    assert said in caught.value.message


def test_what_is_set_counts_in_every_row_in_place_of_what_the_mapping_says() -> None:
    rows = [{"columns": {"at": {"from": one}, "to": {"from": "x"}}, "where": {one: ["a"]}} for one in ("b", "c")]
    document = {"kind": "polls", "columns": {"from": {"from": "x"}, "by": {"from": "y"}}, "rows": rows}
    assert written(with_values(read_mapping(document), {"at": "noon", "from": "", "new": "{x}"})) == {
        "kind": "polls",
        "columns": {"by": {"from": "y"}, "at": {"value": "noon"}, "from": {"value": ""}, "new": {"value": "{x}"}},
        "rows": [{"columns": {"to": {"from": "x"}}, "where": {one: ["a"]}} for one in ("b", "c")],
    }


def test_a_document_is_written_as_it_was_read() -> None:
    document = {
        **column(words={"a": "b", "*": "c"}, trim=True),
        "where": {"Typ": ["x"], "y": {"not": [""]}},
        "null": ["-"],
    }
    assert written(read_mapping(document)) == document
    assert read_mapping(document).places == ["x", "Typ", "y"]
