"""Lines of rejected rows, for any mix of right and wrong rows, in blocks of any size."""

from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.ingest.rejects import SHOWN
from tests.ingest.checking import check, small_blocks
from tests.strategies import examples

HEADER = "store_id,status,timestamp_utc"
NOON = "2023-01-22 12:00:00 UTC"


@dataclass(frozen=True)
class Piece:
    """A row as it stands in a file, and what is wrong about it: column, value as shown, beginning of the reason."""

    text: str
    wrong: tuple[str, str, str] | None = None
    keys: tuple[str, ...] = ()
    also: tuple[str, str, str] | None = None

    @property
    def lines(self) -> int:
        return 1 + self.text.count("\n")

    @property
    def rows(self) -> int:
        return int(bool(self.text))


STATUS = "is not one of active, inactive, unknown"
INSTANT = "is not a timestamp"
PIECES = {
    "blank": Piece(""),
    "good": Piece(f"007,active,{NOON}", keys=("007",)),
    "quoted": Piece('"a,b ""c""",inactive,2023-01-22T12:00:00Z', keys=('a,b "c"',)),
    "slow": Piece("8,inactive,2023-01-22T12:00:00.1234567Z", keys=("8",)),
    "no key": Piece(f",active,{NOON}", ("store_id", "''", "is empty")),
    "key of two lines": Piece(f'"1\n2",active,{NOON}', ("store_id", r"'1\n2'", "has invisible")),
    "status": Piece(f"1,closed,{NOON}", ("status", "'closed'", STATUS)),
    "status of three lines": Piece(f'1,"c\n\nd",{NOON}', ("status", r"'c\n\nd'", STATUS)),
    "instant": Piece("1,active,noon", ("timestamp_utc", "'noon'", INSTANT)),
    "no zone": Piece("1,active,2023-01-22 12:00", ("timestamp_utc", "'2023-01-22 12:00'", "is ambiguous")),
    "all wrong": Piece("1,,", ("status", "''", STATUS), also=("timestamp_utc", "''", INSTANT)),
    "short": Piece("1,active", ("row", "'1,active'", "has 2 fields instead of 3")),
    "space": Piece(" ", ("row", "' '", "has 1 field instead of 3")),
    "long": Piece(f"1,active,{NOON},", ("row", f"'1,active,{NOON},'", "has 4 fields instead of 3")),
    "behind a quote": Piece('"1"2,active,', ("row", """'"1"2,active,'""", "has text after a closing")),
    "behind a quote of two lines": Piece(
        '"1\n"2,"active', ("row", r"""'"1\n"2,"active'""", "has text after a closing")
    ),
    "quote within": Piece(f'1"2,active,{NOON}', keys=('1"2',)),
    "long of two lines": Piece('1,"\n",2,3,4', ("row", r"'1,\n,2,3,4'", "has 5 fields instead of 3")),
}


def expected(pieces: list[Piece]) -> list[tuple[int, str, str, str]]:
    found, line = [], 2
    for piece in pieces:
        if piece.wrong is not None:
            found.append((line, *piece.wrong))
        if piece.also is not None:
            found.append((line, *piece.also))
        line += piece.lines
    return found


def agrees(names: list[str], *, end: str, block_bytes: int, bom: bool = False) -> None:
    pieces = [PIECES[name] for name in names]
    text = ("\ufeff" if bom else "") + "".join(line + end for line in [HEADER, *(piece.text for piece in pieces)])
    wrong = expected(pieces)
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch, block_bytes)
        checked = check(text)
    assert checked.keys == [key for piece in pieces for key in piece.keys]
    assert checked.read == sum(piece.rows for piece in pieces)
    assert checked.rejected == len({row[0] for row in wrong})
    assert checked.places == [row[:3] for row in wrong[:SHOWN]]
    reasons = [row[3] for row in wrong[:SHOWN]]
    assert all(one.reason.startswith(reason) for one, reason in zip(checked.rejections, reasons, strict=True))


@given(
    names=st.lists(st.sampled_from(sorted(PIECES)), max_size=70),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    block_bytes=st.sampled_from([100, 130, 500, 1 << 20]),
    bom=st.booleans(),
)
@settings(max_examples=examples(400))
@example(names=["long"], end="\n", block_bytes=100, bom=False)
@example(names=["short"] * 9, end="\n", block_bytes=100, bom=True)
@example(names=["good"] * 9 + ["short", "no key", "long"], end="\r\n", block_bytes=100, bom=False)
@example(names=["no zone"] * 25 + ["status"] * 25 + ["no key"] * 25, end="\n", block_bytes=1 << 20, bom=False)
def test_rejected_rows_are_found_on_the_lines_where_they_begin(
    names: list[str],
    end: str,
    block_bytes: int,
    bom: bool,  # noqa: FBT001 - Hypothesis passes names
) -> None:
    agrees(names, end=end, block_bytes=block_bytes, bom=bom)


@pytest.mark.parametrize("name", PIECES)
def test_every_kind_of_row_is_found_alone_and_in_every_block(name: str) -> None:
    agrees([name], end="\n", block_bytes=1 << 20)
    agrees([name] * 70, end="\r\n", block_bytes=130)
