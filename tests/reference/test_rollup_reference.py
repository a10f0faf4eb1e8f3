"""The twin of the roll-up against the rules: every expected value is worked out by hand."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.reference import table
from tests.reference.rollup import NotTaken, Reject, Request, RolledUp, half_up, number, roll_up

GOLDEN = Path(__file__).parents[1] / "golden" / "rollup"

PLAYS = Request(
    by=("Song", "Date"),
    sum=("Number of Plays",),
    names=("Song", "Date", "Total Number of Plays for Date"),
)


def rolled(*contents: bytes, request: Request) -> RolledUp:
    tables = [table.read(content) for content in contents]
    assert not any(each.refusals for each in tables)
    return roll_up([(each.columns, each.records) for each in tables], request)


def test_the_sample_comes_to_what_the_founding_system_made_of_it() -> None:
    result = rolled((GOLDEN / "plays-sample.csv").read_bytes(), request=PLAYS)
    expected = (GOLDEN / "plays-sample-expected.csv").read_bytes()
    assert result.header + b"".join(result.lines) == expected.rstrip(b"\n") + b"\n"
    assert (result.read, result.accepted, result.rejects) == (7, 7, [])


def test_keys_are_the_bytes_that_the_file_has_in_the_order_of_bytes() -> None:
    content = "k,n\nNULL,1\nNA,2\n007,3\n7,4\n,5\n k,6\nk ,7\n\uff5e,8\n\U0001f600,9\ne\u0301,10\n\u00e9,11\nNULL,12\n"
    result = rolled(content.encode(), request=Request(("k",), sum=("n",)))
    # U+FF5E is EF BD 9E, U+1F600 is F0 9F 98 80: the other way round than in UTF-16.
    expected = ",5\n k,6\n007,3\n7,4\nNA,2\nNULL,13\ne\u0301,10\nk ,7\n\u00e9,11\n\uff5e,8\n\U0001f600,9\n"
    assert b"".join(result.lines) == expected.encode()


def test_the_first_key_orders_before_the_second_whatever_bytes_are_in_them() -> None:
    result = rolled(b"a,b\nx!,1\nx,2\nx,10\n", request=Request(("a", "b"), count=True))
    # "," is above "!" in ASCII, so that the lines themselves would order "x!,1" first.
    assert result.lines == [b"x,10,1\n", b"x,2,1\n", b"x!,1,1\n"]


def test_without_keys_all_rows_are_one_group() -> None:
    assert rolled(b"n\n1\n2\n", request=Request((), sum=("n",), count=True)).lines == [b"3,2\n"]
    assert rolled(b"n\n", request=Request((), sum=("n",), count=True)).lines == []
    assert rolled(b'n\n""\n', request=Request((), sum=("n",), empty="skip")).lines == [b'""\n']


def test_quotation_marks_and_line_breaks_in_keys_come_back() -> None:
    content = b'k\r\n"a ""b"""\r"c\r\nd"\n"e,f"\ng"h\n""\n\n'
    result = rolled(content, request=Request(("k",), count=True))
    assert result.lines == [b",1\n", b'"a ""b""",1\n', b'"c\r\nd",1\n', b'"e,f",1\n', b'"g""h",1\n']


def test_a_lone_empty_key_is_no_blank_line() -> None:
    assert rolled(b'k\n""\n', request=Request(("k",))).lines == [b'""\n']


def test_sums_are_exact_beyond_64_bits() -> None:
    # 50 times 999,999,999,999,999,999 is 49,999,999,999,999,999,950; 2 ** 64 is 18,446,744,073,709,551,616.
    result = rolled(b"k,n\n" + b"a,999999999999999999\n" * 50, request=Request(("k",), sum=("n",)))
    assert result.lines == [b"a,49999999999999999950\n"]


def test_figures_have_the_decimals_that_are_asked_for() -> None:
    content = b"k,n\na,1.5\na,-0.25\na,+2\nb,-0.10\n"
    request = Request(("k",), ("n",), ("n",), ("n",), ("n",), count=True, decimals=2)
    result = rolled(content, request=request)
    assert result.header == b"k,sum_n,min_n,max_n,mean_n,count\n"
    # (1.5 - 0.25 + 2) / 3 = 3.25 / 3 = 1.083333...
    assert result.lines == [b"a,3.25,-0.25,2.00,1.083333,3\n", b"b,-0.10,-0.10,-0.10,-0.100000,1\n"]


def test_a_mean_is_rounded_half_away_from_zero() -> None:
    # 1 / 128 = 0.0078125, of which seven digits are 0.0078125: the sixth goes up.
    result = rolled(b"k,n\n" + b"a,1\n" + b"a,0\n" * 127, request=Request(("k",), mean=("n",)))
    assert result.lines == [b"a,0.007813\n"]
    assert [half_up(Fraction(halves, 2), 0) for halves in (5, -5, 1, -1)] == [3, -3, 1, -1]
    assert half_up(Fraction(4, 10), 0) == half_up(Fraction(-4, 10), 0) == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((text, "bad_number") for text in ("1e3", " 5 ", "1,000", "0x1", "", "+", "-", "--1", ".5", "5.", "1.2.3")),
        *((text, "bad_number") for text in ("1_000", "NaN", "inf", "٣", "5\n", "\u22125", "patata", "1.x", "1.5e3")),
        *((text, "too_precise") for text in ("1.234", "-0.000", "9" * 40, "9" * 30 + ".1")),
    ],
)
def test_what_is_no_number_is_rejected(text: str, code: str) -> None:
    with pytest.raises(NotTaken, match=code if text else "empty"):
        number(text, 2, "reject")


def test_a_number_has_18_digits_at_most_its_decimals_counted() -> None:
    assert number("9" * 16, 2, "reject") == 9_999_999_999_999_999
    with pytest.raises(NotTaken, match="too_precise"):
        number("0" * 17, 2, "reject")


def test_rejects_have_the_line_on_which_their_row_begins() -> None:
    first = b'k,n,m\n"a\n\nb",x,1\n\nc,1e3,1.5\nd,2,\n'
    second = b"m,n,k\r1,0x1,e\r"
    result = rolled(first, second, request=Request(("k",), sum=("n",), max=("m", "n")))
    assert result.rejects == [
        Reject(0, 2, "n", "x", "bad_number"),
        Reject(0, 6, "n", "1e3", "bad_number"),
        Reject(0, 6, "m", "1.5", "too_precise"),
        Reject(0, 7, "m", "", "empty"),
        Reject(1, 2, "n", "0x1", "bad_number"),
    ]
    assert (result.read, result.accepted, result.rejected, result.lines) == (4, 0, 4, [])


def test_an_empty_field_may_be_left_out() -> None:
    content = b"k,n\na,\na,4\nb,\n"
    request = Request(("k",), ("n",), mean=("n",), count=True, empty="skip")
    assert rolled(content, request=request).lines == [b"a,4,4.000000,2\n", b"b,,,1\n"]


def test_parts_are_full_and_none_is_larger_than_asked_for() -> None:
    result = rolled(b"k\na\nb\nc\n", request=Request(("k",)))
    assert result.parts(6) == [b"k\na\nb\n", b"k\nc\n"]
    assert result.parts(5) == [b"k\na\n", b"k\nb\n", b"k\nc\n"]
    assert result.parts(4) == result.parts(5)
    assert result.parts(3) is None


def test_without_groups_there_is_one_part_with_the_header() -> None:
    result = rolled(b"k\n", b"k", request=Request(("k",), count=True))
    assert result.parts(8) == [b"k,count\n"]
    assert result.parts(7) is None


@pytest.mark.parametrize(
    ("content", "refusals"),
    [
        (b"", {"empty_file"}),
        (b"\xef\xbb\xbf\r\n\n", {"empty_file"}),
        (b"a,a\n1,2\n", {"wrong_header"}),
        (b"a,\n1,2\n", {"wrong_header"}),
        (b'a\n"b\n', {"unclosed_quote"}),
        (b"a\n\x00\n", {"nul_byte"}),
        (b"a\n\xff\n", {"not_utf8"}),
    ],
)
def test_a_file_that_is_no_table_is_refused(content: bytes, refusals: set[str]) -> None:
    assert table.read(content).refusals == refusals


def test_rows_of_another_width_are_told_with_their_lines() -> None:
    read = table.read(b'a,b\n1,2\n3\n\n4,5,6\n"7"8,9\n"x\ny",z\n')
    assert read.rejections == [(3, "wrong_width"), (5, "wrong_width"), (6, "bad_quoting")]
    assert [record.line for record in read.records] == [2, 7]
