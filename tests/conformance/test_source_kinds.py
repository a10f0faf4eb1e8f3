"""Every kind of source: what its streams make can be loaded, and what it says of itself is written down."""

import pytest

from app.ingest.csv.mapped.columns import require_fit
from app.ingest.registry import DATASET_KINDS
from app.mapping.document import read_mapping
from app.sources.contract import SourceKind
from app.sources.registry import SOURCE_KINDS
from app.sources.stream import RowsOf, Stream

STREAMS = [(kind, stream) for kind in SOURCE_KINDS.values() for stream in kind.streams().values()]
ROWS = [(kind, stream, of) for kind, stream in STREAMS for of in stream.rows]


def named(*parts: SourceKind | Stream | RowsOf) -> str:
    return " ".join(str(getattr(part, name)) for part, name in zip(parts, ("name", "stream", "into"), strict=False))


@pytest.mark.parametrize(("kind", "stream", "of"), ROWS, ids=[named(*one) for one in ROWS])
def test_a_stream_gives_the_columns_that_its_kind_of_rows_needs(kind: SourceKind, stream: Stream, of: RowsOf) -> None:
    columns = {name: {"from": expression} for name, expression in of.columns.items()}
    require_fit(DATASET_KINDS[of.into], read_mapping({"kind": of.into, "format": "jsonl", "columns": columns}))


@pytest.mark.parametrize(("kind", "stream"), STREAMS, ids=[named(*one) for one in STREAMS])
def test_a_stream_asks_for_what_a_source_of_its_kind_names(kind: SourceKind, stream: Stream) -> None:
    assert stream.summary
    assert (stream.scope == "project") == (kind.names == "projects")


@pytest.mark.parametrize("name", SOURCE_KINDS)
def test_a_kind_has_the_name_of_its_entry_and_an_address_that_keeps_its_token_safe(name: str) -> None:
    kind = SOURCE_KINDS[name]
    assert kind.name == name
    assert kind.summary
    assert kind.base_url.startswith("https://")
