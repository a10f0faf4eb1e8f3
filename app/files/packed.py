"""Arrays of different lengths by name, as one block of bytes."""

from collections.abc import Mapping

import pyarrow as pa
from pyarrow import ipc

_OPTIONS = ipc.IpcWriteOptions(compression="zstd")


def packed(lists: Mapping[str, pa.Array]) -> bytes:
    """The arrays, as a row of lists in Arrow's format for files."""
    row = {name: pa.ListArray.from_arrays([0, len(values)], values) for name, values in lists.items()}
    return packed_table(pa.table(row))


def unpacked(block: bytes) -> dict[str, pa.Array]:
    """What packed() has made bytes of."""
    row = unpacked_table(block).combine_chunks()
    return {name: row[name].chunk(0).flatten() for name in row.schema.names}


def packed_table(table: pa.Table) -> bytes:
    """A table in Arrow's format for files."""
    sink = pa.BufferOutputStream()
    with ipc.new_file(sink, table.schema, options=_OPTIONS) as writer:
        writer.write_table(table)
    block: bytes = sink.getvalue().to_pybytes()
    return block


def unpacked_table(block: bytes) -> pa.Table:
    """What packed_table() has made bytes of."""
    with ipc.open_file(pa.BufferReader(block)) as reader:
        return reader.read_all()
