"""Valid files, and what chance makes of them; the same seed gives the same file."""

import gzip
from dataclasses import dataclass
from random import Random

from app.ingest.registry import DATASET_KINDS
from tests.ingest.twins import written_columns

#: Headers, and values of each column: mostly right ones.
KINDS = {
    "polls": {
        "store_id": ["1", "007", "Café 7", "店", "-5", "=1+1", "NULL", "8419537941919820732", "a b"],
        "status": ["active", "inactive", "unknown"],
        "timestamp_utc": [
            *("2023-01-22 12:09:39.388884 UTC", "2023-01-22 12:00:00 UTC", "2023-01-22T12:00:00Z"),
            *("2023-01-22T17:45:00+05:45", "2023-01-29T23:59:59.5-03:00", "20230122T120000Z"),
        ],
    },
    "hours": {
        "store_id": ["1", "007", "x"],
        "day": ["0", "3", "6"],
        "start_time_local": ["09:00:00", "9:30", "00:00", "22:00:00.5"],
        "end_time_local": ["17:00", "24:00", "23:59:59", "02:00:00"],
        "valid_from": ["", "2026-07-01"],
        "valid_to": [""],
    },
    "timezones": {
        "store_id": ["1", "007", "x"],
        "timezone_str": ["America/Chicago", "UTC", "Asia/Kathmandu"],
        "valid_from": ["", "2026-07-01"],
    },
    "pull_requests": {
        "repo": ["openhours/api", "web", "=1+1"],
        "number": ["1", "007", "1042", "2147483647"],
        "team": ["Platform", "", "Søk"],
        "author": ["ada", "", "007"],
        "created_at": ["2024-11-01T20:00:00Z", "2023-01-22 12:09:39.388884 UTC", "20230122T120000+01:00"],
        **{
            name: ["2024-11-04T14:30:00Z", "", "2024-11-04 14:30:00.5 UTC", "2024-11-04T14:30:00-03:00"]
            for name in (
                *("first_commit_at", "ready_at", "first_review_at", "approved_at", "merged_at", "closed_at"),
                *("ci_finished_at", "changes_requested_at"),
            )
        },
        "is_draft": ["true", "false", ""],
        "draft_seconds": ["86400", "", "0", "1.5"],
        "author_is_bot": ["true", "false", ""],
        "labels": ["bug", "bug;ui", "", "ui; bug;;ui"],
        **{name: ["0", "15", "", "007", "2147483647"] for name in ("additions", "deletions", "changed_files")},
        **{name: ["5f1d7e7b6c0f4c4c9a2f2f8b7d3e1a0c9b8d7e6f", ""] for name in ("head_sha", "merge_sha")},
        "author_id": ["7", "", "9007199254740993"],
        "reverts": ["1", "", "007", "2147483647"],
    },
    "review_times": {
        "review_time": ["715", "0", "", "1.5", "2e3", "-0", ".5", "7."],
        "merge_time": ["597", "", "007", "1e-3", "+3"],
        "date": ["2023-01-16", "", "1970-01-01", "2099-12-31"],
        "team": ["Platform", "", "店"],
    },
    "orders": {
        "order": ["1", "2", "x"],
        "due": ["2023-01-22T12:00:00Z", "", "2099-01-01 00:00:00 UTC"],
        "size": ["small", "large", ""],
    },
}

#: Fields that are odd in any column, and most often wrong.
ODD = [
    *("", " ", "NA", "null", "007", "1e400", "NaN", "\u0663", "up", "ACTIVE", "24:00:01", "9999-12-31T00:00:00Z"),
    *(
        "0001-01-01T00:00:00Z",
        "2098-01-01T00:00:00Z",
        "2023-01-22 12:00:00",
        "2023-02-30T00:00:00Z",
        "1\u200b",
        "\u202e1",
    ),
    *(
        "x" * 60,
        "x" * 300,
        "../../etc/passwd",
        "america/denver",
        'a"b',
        '"a"b',
        '"a\n"',
        '"a\r\nb"',
        '"a""b"',
        '"a',
        '""',
    ),
    *("-1", "1e309", "-1e309", "0x10", "2147483648", "0", "2100-01-01", "1969-12-31", "2023-02-30", "20230116", "1_0"),
    *("1\u3164", "é", "\ufeff", "2023-W04-7T12:00:00Z", "7", "24:00", "12", "\t1", "2023-01-22t12:00:00Z"),
]

#: Pieces that are put anywhere.
PIECES = [
    *(b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b";", b"\t", b"|", b" ", b"\xe2\x82"),
    *(b'",', b',"', b'"\n', b'\n"', b"\xf0\x9f\x98\x80", b"\xe2\x80\xae", b"\x1f\x8b", b"PK\x03\x04", b"x" * 500, b"9"),
]

#: Columns that a file may lack.
OPTIONAL = {
    "hours": ["valid_from", "valid_to"],
    "timezones": ["valid_from"],
    "orders": ["due", "size"],
    "pull_requests": [name for name in KINDS["pull_requests"] if name not in {"repo", "number", "created_at"}],
}

#: Kinds that have no values above have those of their entries.
for _name in {name for name, kind in DATASET_KINDS.items() if not kind.stays_raw} - KINDS.keys():
    _columns = written_columns(DATASET_KINDS[_name])
    KINDS[_name] = {one.name: [*(one.type.allowed or (one.example,)), *([""] * one.may_be_empty)] for one in _columns}
    OPTIONAL[_name] = [one.name for one in _columns if not one.required]

HEADERS = {"day": ["day", "dayOfWeek", "DAYOFWEEK"], "due": ["due", "due_at"], "status": ["status", " Status "]}


@dataclass(frozen=True)
class Mutant:
    """A file, how it is to be read, and in blocks of which size."""

    kind: str
    content: bytes
    names: tuple[str, ...] | None
    block_bytes: int
    row_bytes: int
    field_bytes: int
    total_bytes: int


def mutant(seed: int, *, kinds: tuple[str, ...] = tuple(KINDS)) -> Mutant:
    dice = Random(seed)
    kind = dice.choice(kinds)
    names = list(KINDS[kind])
    names = [name for name in names if name not in OPTIONAL.get(kind, ()) or dice.random() < 0.6]
    dice.shuffle(names)
    has_header = dice.random() < 0.85
    content = valid(dice, kind, names, has_header=has_header)
    for _ in range(dice.choice([0, 0, 1, 1, 1, 2, 3, 8])):
        content = mutated(dice, content)
    return Mutant(
        kind=kind,
        content=packed(dice, content),
        names=None if has_header else tuple(names),
        block_bytes=dice.choice([48, 200, 1000, 6000, 4 << 20]),
        row_bytes=dice.choice([120, 400, 1 << 20]),
        field_bytes=dice.choice([50, 64 << 10]),
        total_bytes=dice.choice([1000, 1 << 20, 1 << 20]),
    )


def valid(dice: Random, kind: str, names: list[str], *, has_header: bool) -> bytes:
    """A file without a mistake, or with an odd field here and there."""
    quoted = dice.choice([0.0, 0.0, 0.3, 1.0])
    odd = dice.choice([0.0, 0.0, 0.02, 0.2])
    end = dice.choice(["\n", "\n", "\r\n", "\r"])
    rows = [[dice.choice(HEADERS.get(name, [name])) for name in names]] if has_header else []
    rows += [
        [dice.choice(ODD if dice.random() < odd else KINDS[kind][name]) for name in names]
        for _ in range(dice.randrange(25))
    ]
    lines = [",".join(quote(text) if dice.random() < quoted else text for text in row) for row in rows]
    text = "".join(line + end * dice.choice([1] * 12 + [2]) for line in lines)
    return (("\ufeff" if dice.random() < 0.1 else "") + (text.rstrip() if dice.random() < 0.2 else text)).encode()


def quote(text: str) -> str:
    return text if '"' in text else f'"{text}"'


def mutated(dice: Random, content: bytes) -> bytes:
    at = dice.randrange(len(content) + 1)
    near = min(len(content), at + dice.randrange(30))
    before, piece, after = content[:at], content[at:near], content[near:]
    lines = content.splitlines(keepends=True)
    changes = [
        lambda: before + dice.choice(PIECES) + piece + after,
        lambda: before + bytes([dice.randrange(256)]) + content[at + 1 :],
        lambda: before + after,
        lambda: before + piece * 2 + after,
        lambda: before,
        lambda: before + dice.choice(ODD).encode() + piece + after,
        lambda: b"".join(dice.sample(lines, len(lines))),
        lambda: after + before,
        lambda: content.replace(b",", b";", dice.randrange(4)),
    ]
    return dice.choices(changes, weights=[6, 2, 2, 2, 1, 3, 1, 1, 1])[0]()


def packed(dice: Random, content: bytes) -> bytes:
    if dice.random() < 0.65:
        return content
    cut = dice.randrange(len(content) + 1) if dice.random() < 0.3 else 0
    members = [gzip.compress(part, mtime=0) for part in (content[:cut], content[cut:])]
    whole = b"".join(members if cut else members[1:])
    match dice.randrange(12):
        case 0:
            return mutated(dice, whole)
        case 1:
            return whole + bytes(dice.randrange(20))
        case 2:
            return whole[: dice.randrange(len(whole))]
        case 3:
            return gzip.compress(whole, mtime=0)
        case _:
            return whole
