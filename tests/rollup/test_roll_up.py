"""Roll-ups by hand: what each rule gives on small tables, in one go and in pieces."""

import gzip
import re
from dataclasses import replace
from itertools import pairwise

import pytest

from app.errors import RejectedFile, RowExceedsPart, TooManyParts
from app.rollup.grouping import Grouping
from app.rollup.numbers import Measures
from tests.rollup.world import IN_ONE_GO, IN_PIECES, World, rejects_of, text_of, with_tiny_ranges

PLAYS = "Song,Date,Number of Plays\n"
BY_SONG = Grouping(by=("Song",), sum=("Number of Plays",))


@pytest.fixture(params=["in one go", "in pieces"])
def one_go_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """In pieces every few rows are a range of their own."""
    if request.param == "in pieces":
        with_tiny_ranges(monkeypatch, 16)
        return IN_PIECES
    return IN_ONE_GO


class Small:
    """Rolls small tables up."""

    def __init__(self, world: World, one_go_bytes: int) -> None:
        self.world = world
        self.one_go_bytes = one_go_bytes

    def rows(self, content: str | bytes, grouping: Grouping) -> str:
        """The lines of the result without the header."""
        _, parts = self.world.rolled([self.world.table(content)], grouping, one_go_bytes=self.one_go_bytes)
        return text_of(parts)


@pytest.fixture
def small(world: World, one_go_bytes: int) -> Small:
    return Small(world, one_go_bytes)


def test_rows_of_the_same_key_are_one_group(small: Small) -> None:
    content = PLAYS + "b,2020-01-01,5\na,2020-01-02,7\nb,2020-01-03,6\n"
    assert small.rows(content, BY_SONG) == "a,7\nb,11\n"


def test_several_keys_are_ordered_one_after_the_other(small: Small) -> None:
    content = PLAYS + "b,1,1\na,2,2\na,10,4\nab,1,8\nb,1,16\n"
    grouping = Grouping(by=("Song", "Date"), sum=("Number of Plays",))
    assert small.rows(content, grouping) == "a,10,4\na,2,2\nab,1,8\nb,1,17\n"


def test_keys_are_text_as_it_stands(small: Small) -> None:
    keys = ["NULL", "NA", "007", "7", "", " a", "a ", "a", "nan", "1e3", "é", "e\u0301"]
    content = PLAYS + "".join(f"{key},x,1\n" for key in keys * 2)
    assert small.rows(content, BY_SONG) == "".join(f"{key},2\n" for key in sorted(keys))


def test_texts_are_ordered_by_the_bytes_of_their_utf_8(small: Small) -> None:
    # As UTF-16 or by any dictionary the order would be another one.
    content = PLAYS + "\U0001f3b5,x,1\nz,x,1\n\uffee,x,1\nZ,x,1\nä,x,1\n"
    assert small.rows(content, BY_SONG) == "Z,1\nz,1\nä,1\n\uffee,1\n\U0001f3b5,1\n"


def test_what_must_be_quoted_is_quoted_and_nothing_else(small: Small) -> None:
    content = PLAYS + '"a,b",x,1\n"say ""hi""",x,2\n"two\nlines",x,3\n"two\r\nlines",x,4\n"plain",x,5\n'
    assert small.rows(content, BY_SONG) == ('"a,b",1\nplain,5\n"say ""hi""",2\n"two\nlines",3\n"two\r\nlines",4\n')


def test_a_file_of_one_column_has_no_blank_line(small: Small) -> None:
    assert small.rows('a,b\n"",1\nx,2\n', Grouping(by=("a",))) == '""\nx\n'


def test_a_sum_is_exact_beyond_64_bits(small: Small) -> None:
    content = PLAYS + "a,x,999999999999999999\n" * 40
    assert small.rows(content, BY_SONG) == "a,39999999999999999960\n"


def test_all_figures_stand_in_their_order(small: Small) -> None:
    content = "k,v,w\na,1.5,2\na,-0.25,3\na,10,4\n"
    grouping = Grouping(by=("k",), sum=("v", "w"), min=("v",), max=("v",), mean=("v", "w"), count=True, decimals=2)
    assert small.rows(content, grouping) == "a,11.25,9.00,-0.25,10.00,3.750000,3.000000,3\n"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("1", "0", "0"), "0.333333"),
        (("2", "0", "0"), "0.666667"),
        (("1", "0"), "0.500000"),
        (("-1", "0", "0"), "-0.333333"),
        (("-2", "0", "0"), "-0.666667"),
        (("1", *"0" * 63), "0.015625"),
        (("1", *"0" * 127), "0.007813"),  # 0.0078125
        (("-1", *"0" * 127), "-0.007813"),
        (("-0",), "0.000000"),
        (("999999999999999999", "999999999999999998"), "999999999999999998.500000"),
    ],
)
def test_a_mean_is_rounded_half_away_from_zero(world: World, values: tuple[str, ...], expected: str) -> None:
    content = "k,v\n" + "".join(f"a,{value}\n" for value in values)
    _, parts = world.rolled([world.table(content)], Grouping(by=("k",), mean=("v",)))
    assert text_of(parts) == f"a,{expected}\n"


def test_a_mean_of_decimals_has_six_digits_too(small: Small) -> None:
    content = "k,v\na,0.000000001\na,0.000000998\nb,-0.0000005\nc,-0.0000004\n"
    assert small.rows(content, Grouping(by=("k",), mean=("v",), decimals=9)) == "a,0.000000\nb,-0.000001\nc,0.000000\n"


def test_zero_has_no_sign(small: Small) -> None:
    content = "k,v\na,-0\nb,+0.00\nc,-0.01\n"
    assert small.rows(content, Grouping(by=("k",), sum=("v",), decimals=2)) == "a,0.00\nb,0.00\nc,-0.01\n"


def test_an_empty_number_that_is_skipped_is_no_value(small: Small) -> None:
    content = "k,v,w\na,,1\na,3,1\nb,,1\n"
    grouping = Grouping(by=("k",), sum=("v", "w"), min=("v",), max=("v",), mean=("v",), count=True, skips_empty=True)
    assert small.rows(content, grouping) == "a,3,2,3,3,3.000000,2\nb,,1,,,,1\n"


def test_there_may_be_as_many_columns_as_are_taken(world: World) -> None:
    values = tuple(f"v{number}" for number in range(999))
    table = world.table(",".join(["k", *values]) + "\n" + (",".join(["a"] + ["2"] * 999) + "\n") * 3)
    _, parts = world.rolled([table], Grouping(by=("k",), sum=values))
    assert text_of(parts) == ",".join(["a"] + ["6"] * 999) + "\n"


def test_without_keys_all_rows_are_one_group(small: Small) -> None:
    content = PLAYS + "a,x,1\nb,x,2\n"
    assert small.rows(content, Grouping(by=(), sum=("Number of Plays",), count=True)) == "3,2\n"
    assert small.rows(content, Grouping(by=(), count=True)) == "2\n"


@pytest.mark.parametrize("by", [(), ("Song",)])
def test_without_rows_there_is_one_part_with_the_header(world: World, one_go_bytes: int, by: tuple[str, ...]) -> None:
    grouping = Grouping(by=by, sum=("Number of Plays",))
    outcome, parts = world.rolled([world.table(PLAYS)], grouping, one_go_bytes=one_go_bytes)
    assert parts == [grouping.header]
    assert (outcome.rows, outcome.groups) == (0, 0)
    assert [part.rows for part in outcome.parts] == [0]


def test_names_are_given_to_the_columns(world: World) -> None:
    grouping = Grouping(by=("Song",), sum=("Number of Plays",), names=("Song", 'Total, "all"'))
    _, parts = world.rolled([world.table(PLAYS + "a,x,1\n")], grouping)
    assert parts == [b'Song,"Total, ""all"""\na,1\n']


def test_several_tables_are_one_input_whatever_the_order_of_their_columns(world: World, one_go_bytes: int) -> None:
    tables = [
        world.table(PLAYS + "a,x,1\nb,x,2\n"),
        world.table("extra,Number of Plays,Song\n?,10,b\n?,20,c\n"),
        world.table(gzip.compress((PLAYS + "c,x,100\n").encode())),
        world.table("\ufeff" + PLAYS + "a,x,1000\n"),
    ]
    outcome, parts = world.rolled(tables, BY_SONG, one_go_bytes=one_go_bytes)
    assert text_of(parts) == "a,1001\nb,12\nc,120\n"
    assert (outcome.rows, outcome.groups, outcome.rejected) == (6, 3, 0)


class TestParts:
    """Of a bounded size."""

    CONTENT = PLAYS + "".join(f"song {number:03d},x,{number}\n" for number in range(100))

    @pytest.mark.parametrize("most", [37, 48, 49, 100, 1000])
    def test_a_part_is_as_long_as_it_can_be(self, world: World, most: int) -> None:
        grouping = Grouping(by=("Song",), sum=("Number of Plays",), max_part_bytes=most)
        outcome, parts = world.rolled([world.table(self.CONTENT)], grouping)
        assert text_of(parts) == "".join(f"song {number:03d},{number}\n" for number in range(100))
        assert max(map(len, parts)) <= most
        for part, following in pairwise(parts):
            assert len(part) + len(following.split(b"\n")[1]) + 1 > most
        assert [part.name for part in outcome.parts] == [f"rollup-{n:05d}.csv" for n in range(1, len(parts) + 1)]
        assert sum(part.rows for part in outcome.parts) == outcome.groups == 100

    def test_in_pieces_each_range_of_keys_begins_a_part(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        with_tiny_ranges(monkeypatch, 200)
        monkeypatch.setattr("app.rollup.in_pieces.GROUPS_BYTES", 1)
        grouping = Grouping(by=("Song",), sum=("Number of Plays",), max_part_bytes=100)
        outcome, parts = world.rolled([world.table(self.CONTENT)], grouping, one_go_bytes=IN_PIECES)
        assert text_of(parts) == "".join(f"song {number:03d},{number}\n" for number in range(100))
        assert max(map(len, parts)) <= 100
        names = [part.name for part in outcome.parts]
        assert names == sorted(names)
        assert {name.split("-")[1] for name in names} > {"0001", "0002", "0003"}

    def test_a_row_that_does_not_fit_is_named(self, world: World, one_go_bytes: int) -> None:
        grouping = Grouping(by=("Song",), sum=("Number of Plays",), max_part_bytes=35)
        work = world.work([world.table(PLAYS + "long enough,x,1\n")], grouping)
        with pytest.raises(RowExceedsPart, match=r"'long enough' and the header are 39 bytes.* 35.*to 39 or more"):
            world.rolled(work.tables, grouping, one_go_bytes=one_go_bytes)

    @pytest.mark.parametrize("one_go_bytes", [IN_ONE_GO, IN_PIECES], ids=["in one go", "in pieces"])
    def test_more_parts_than_there_may_be_fail_it_and_leave_nothing(
        self, world: World, one_go_bytes: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.rollup.part_limit.MOST_PARTS", 60)
        monkeypatch.setattr("app.rollup.in_pieces.GROUPS_BYTES", 1)
        tables = [world.table(PLAYS + "".join(f"song {number},x,1\n" for number in range(100, 400)))]
        with_tiny_ranges(monkeypatch, 2000)
        before = world.keys("reports/")
        grouping = Grouping(by=("Song",), sum=("Number of Plays",), max_part_bytes=40)
        with pytest.raises(TooManyParts, match="more than 60 parts of at most 40 bytes") as caught:
            world.rolled(tables, grouping, one_go_bytes=one_go_bytes)
        assert world.keys("reports/") == before
        (advised,) = re.findall(r"([\d,]+) would do", caught.value.message)
        larger = replace(grouping, max_part_bytes=int(advised.replace(",", "")))
        _, parts = world.rolled(tables, larger, one_go_bytes=one_go_bytes)
        assert 30 < len(parts) <= 60

    @pytest.mark.parametrize("one_go_bytes", [IN_ONE_GO, IN_PIECES], ids=["in one go", "in pieces"])
    @pytest.mark.parametrize("room", [1, 90])
    def test_the_parts_that_are_advised_have_room_for_whole_lines(
        self, world: World, one_go_bytes: int, room: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.rollup.part_limit.MOST_PARTS", 60)
        song = "x" * 95
        tables = [world.table(PLAYS + "".join(f"{song}{number},x,1\n" for number in range(100, 165)))]
        grouping = Grouping(by=("Song",), sum=("Number of Plays",))
        one_line = len(grouping.header) + len(f"{song}100,1\n")
        with pytest.raises(TooManyParts) as caught:
            world.rolled(tables, replace(grouping, max_part_bytes=one_line + room), one_go_bytes=one_go_bytes)
        (advised,) = re.findall(r"([\d,]+) would do", caught.value.message)
        larger = replace(grouping, max_part_bytes=int(advised.replace(",", "")))
        _, parts = world.rolled(tables, larger, one_go_bytes=one_go_bytes)
        assert len(parts) <= 60

    def test_what_was_stored_before_a_failure_is_removed(self, world: World, one_go_bytes: int) -> None:
        before = world.keys("reports/")
        grouping = Grouping(by=("Song",), sum=("Number of Plays",), max_part_bytes=35)
        content = PLAYS + "a,x,1\nb,x,1\nc,x,1\nd,x,1\nlong enough,x,1\n"
        with pytest.raises(RowExceedsPart):
            world.rolled([world.table(content)], grouping, one_go_bytes=one_go_bytes)
        assert world.keys("reports/") == before


class TestWrongRows:
    """The first one fails the report, or all are listed."""

    CONTENT = PLAYS + 'a,x,1\n"two\nlines",x,2\nb,x,patata\nc,x,1.5\nd,x,\n'

    def test_the_first_one_fails_it_with_its_place(self, world: World, one_go_bytes: int) -> None:
        tables = [world.table(PLAYS + "a,x,1\n"), world.table(self.CONTENT, "more.csv")]
        with pytest.raises(RejectedFile, match=r"more\.csv, line 5, Number of Plays: 'patata' is not a number"):
            world.rolled(tables, BY_SONG, one_go_bytes=one_go_bytes)

    def test_they_are_left_out_listed_and_counted(self, world: World, one_go_bytes: int) -> None:
        tables = [world.table(self.CONTENT), world.table(PLAYS + "=x,y,1\nz,y,=1+1\n", "more.csv")]
        outcome, parts = world.rolled(tables, BY_SONG, allowed=4, one_go_bytes=one_go_bytes)
        assert text_of(parts) == '=x,1\na,1\n"two\nlines",2\n'
        assert (outcome.rows, outcome.rejected, outcome.groups) == (7, 4, 3)
        one, more = tables[0].dataset_id, tables[1].dataset_id
        number = "a number has 1 to 18 digits, perhaps a sign before them"
        assert rejects_of(outcome) == [
            f"{one},plays.csv,5,Number of Plays,'patata',bad_number,\"is not a number; {number}\"",
            (
                f"{one},plays.csv,6,Number of Plays,'1.5',too_precise,\"has more digits behind its point than "
                f'decimals=0 allows; {number}"'
            ),
            f"{one},plays.csv,7,Number of Plays,'',empty,is empty; it must be a number",
            f"{more},more.csv,3,Number of Plays,'=1+1',bad_number,\"is not a number; {number}\"",
        ]
        assert outcome.shown[0].startswith("plays.csv, line 5, Number of Plays: 'patata'")

    def test_more_than_are_allowed_fail_it(self, world: World, one_go_bytes: int) -> None:
        with pytest.raises(RejectedFile, match="More rows than max_errors=2 allows"):
            world.rolled([world.table(self.CONTENT)], BY_SONG, allowed=2, one_go_bytes=one_go_bytes)

    @pytest.mark.parametrize("allowed", [0, 1, 2, 3])
    def test_when_they_are_too_many_the_first_ones_are_named(
        self, world: World, one_go_bytes: int, allowed: int
    ) -> None:
        tables = [world.table(self.CONTENT), world.table(PLAYS + "z,y,=1+1\n", "more.csv")]
        with pytest.raises(RejectedFile) as caught:
            world.rolled(tables, BY_SONG, allowed=allowed, one_go_bytes=one_go_bytes)
        message = caught.value.message
        begins = f"More rows than max_errors={allowed} allows have a measure that is not a number, such as: "
        assert message.startswith(begins)
        assert "plays.csv, line 5, Number of Plays: 'patata' is not a number" in message
        assert message.count(", line ") <= 3

    @pytest.mark.parametrize("allowed", [None, 0, 5])
    def test_no_more_of_them_are_put_into_words_than_are_told(
        self, world: World, allowed: int | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A block may have a million: that took a minute, and hundreds of megabytes, before the first one was named.
        told = []
        tell = Measures.mistake
        monkeypatch.setattr(Measures, "mistake", lambda *place: told.append(place) or tell(*place))
        with pytest.raises(RejectedFile, match="line 2, Number of Plays: 'patata'"):
            world.rolled([world.table(PLAYS + "a,x,patata\n" * 1000)], BY_SONG, allowed=allowed)
        assert len(told) <= 6

    def test_a_row_with_two_mistakes_is_one_row(self, world: World) -> None:
        table = world.table("k,v,w\na,x,y\nb,1,2\n")
        outcome, parts = world.rolled([table], Grouping(by=("k",), sum=("v", "w")), allowed=1)
        assert text_of(parts) == "b,1,2\n"
        assert outcome.rejected == 1
        assert [line.split(",")[3] for line in rejects_of(outcome)] == ["v", "w"]

    def test_rows_that_the_dataset_left_out_are_left_out_again(self, world: World) -> None:
        _, parts = world.rolled([world.table(PLAYS + "a,x,1\nb,x\nc,x,3\n")], BY_SONG)
        assert text_of(parts) == "a,1\nc,3\n"
