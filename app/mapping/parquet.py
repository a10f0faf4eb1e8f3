"""Records of a Parquet file: the columns that a mapping names, nested ones by dotted names, some rows at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.errors import RejectedFile
from app.mapping.records import Place, Records
from app.wording.suggestions import did_you_mean, suggestions

#: The first bytes of every Parquet file, and its last.
MAGIC: Final = b"PAR1"

#: Rows that become texts at a time.
BATCH_ROWS: Final = 20_000

#: Largest row group, bytes of the columns that are read, unpacked: a reader holds up to one.
MOST_GROUP_BYTES: Final = 512 << 20

#: Names of columns that a refusal lists.
_LISTED: Final = 20

#: Bytes that are read at a time of each column, so that a row group is not read as a whole.
_BUFFER_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column that holds values: ``type`` is that of one of them."""

    name: str
    type: pa.DataType

    @property
    def is_readable(self) -> bool:
        """Whether each value is one text."""
        kind = self.type
        return not (pa.types.is_nested(kind) or pa.types.is_duration(kind) or isinstance(kind, pa.BaseExtensionType))


def leaves(schema: pa.Schema) -> list[Leaf]:
    """The columns of a file in its order, those in structures by dotted names such as ``details.installer.name``."""
    return [leaf for field in schema for leaf in _below(field, "")]


def column_names(file: Any, name: str) -> list[str]:
    """The names of the columns that can be read. Raises RejectedFile as ``records_of`` does."""
    return [leaf.name for leaf in leaves(_opened(file, name).schema_arrow) if leaf.is_readable]


def records_of(file: Any, name: str, places: Sequence[Place], *, rows: int | None = None) -> Iterator[Records]:
    """The records of a file, a batch of rows at a time; the line of a record is its row, from 1.

    Args:
        file: its bytes, which can be read at any position.
        name: of the file, for messages.
        places: names of columns.
        rows: how many of the first rows; None for all.

    Raises:
        RejectedFile: it is no whole Parquet file, has no such column, one that holds lists, a text that is not UTF-8,
            or a row group that is too large.
    """
    parquet = _opened(file, name)
    wanted = {place: _leaf(str(place), leaves(parquet.schema_arrow), name) for place in places}
    _require_modest(parquet.metadata, [leaf.name for leaf in wanted.values()], name)
    columns = list(dict.fromkeys(leaf.name for leaf in wanted.values()))
    read = 0
    try:
        for batch in parquet.iter_batches(BATCH_ROWS if rows is None else rows, columns=columns, use_threads=False):
            texts = {place: _texts(_column(batch, leaf.name), leaf, name, read) for place, leaf in wanted.items()}
            lines = np.arange(read + 1, read + len(batch) + 1, dtype=np.int64)
            read += len(batch)
            yield Records(texts, lines)
            if rows is not None:
                return
    except MemoryError:  # pyarrow's own is an ArrowException, too
        raise
    except (pa.ArrowException, OSError) as error:
        raise RejectedFile(
            f"{name}, after row {read:,}: this part of the Parquet file is damaged; was all of it sent?",
            reason="bad_parquet",
            line=read + 1,
        ) from error


def _opened(file: Any, name: str) -> pq.ParquetFile:
    try:
        parquet = pq.ParquetFile(file, buffer_size=_BUFFER_BYTES)
    except (pa.ArrowException, OSError) as error:
        file.seek(0)
        if file.read(len(MAGIC)) != MAGIC:
            message = f"{name} is not a Parquet file; set the mapping's format to what it is."
            raise RejectedFile(message, reason="wrong_format") from error
        message = f"{name} is a Parquet file without a readable end; was all of it sent, and is it not encrypted?"
        raise RejectedFile(message, reason="bad_parquet") from error
    if not parquet.metadata.num_rows:
        raise RejectedFile(f"{name} has no rows.", reason="empty_file")
    return parquet


def _below(field: pa.Field, prefix: str) -> Iterator[Leaf]:
    name = f"{prefix}{field.name}"
    if pa.types.is_struct(field.type):
        for at in range(field.type.num_fields):
            yield from _below(field.type.field(at), f"{name}.")
    else:
        yield Leaf(name, field.type)


def _leaf(place: str, found: Sequence[Leaf], name: str) -> Leaf:
    named = [leaf for leaf in found if leaf.name == place]
    if len(named) > 1:
        raise _wrong(f"{name}: {place!r} is the name of several columns; give them different names")
    if named and named[0].is_readable:
        return named[0]
    if named:
        raise _wrong(f"{name}: the column {place!r} holds {named[0].type}; a mapping reads single values only")
    names = [leaf.name for leaf in found]
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    raise _wrong(
        f"{name}: the mapping names a column {place!r} that is not there"
        f"{did_you_mean(suggestions(place, names)[:1])}; the file has {', '.join(names[:_LISTED])}{more}"
    )


def _wrong(message: str) -> RejectedFile:
    return RejectedFile(f"{message}.", reason="wrong_mapping")


def _require_modest(metadata: pq.FileMetaData, names: Sequence[str], name: str) -> None:
    """A row group is unpacked as a whole where a page of it is as large."""
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunks = [group.column(at) for at in range(group.num_columns)]
        size = sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema in names)
        if size > MOST_GROUP_BYTES:
            raise RejectedFile(
                f"{name}: row group {number + 1} has {size:,} bytes in the columns that are read; allowed are "
                f"{MOST_GROUP_BYTES:,}. Write the file with smaller row groups.",
                reason="too_large",
            )


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A column by its dotted name; a value in a structure that is null is null."""
    first, *others = _path(name, batch.schema)
    found = batch.column(first)
    return pc.struct_field(found, others) if others else found


def _path(name: str, schema: pa.Schema) -> list[str]:
    """The names of the structures around a column, and its own; each may have dots in it."""
    paths: Mapping[str, list[str]] = {".".join(path): path for field in schema for path in _paths(field, [])}
    return paths[name]


def _paths(field: pa.Field, above: list[str]) -> Iterator[list[str]]:
    path = [*above, field.name]
    if pa.types.is_struct(field.type):
        for at in range(field.type.num_fields):
            yield from _paths(field.type.field(at), path)
    else:
        yield path


def _texts(values: pa.Array, leaf: Leaf, name: str, before: int) -> pa.StringArray:
    """Values as CSV has them; null is an empty text. ``before``: rows before them."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    try:
        found: pa.StringArray = pc.fill_null(values.cast(pa.string()), "")
        found.validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        row = before + 1 + _first_wrong(values)
        raise RejectedFile(
            f"{name}, row {row:,}, column {leaf.name!r}: the value is not text in UTF-8.", reason="not_utf8", line=row
        ) from error
    return found


def _first_wrong(values: pa.Array) -> int:
    """The place of the first value that is not text, from 0."""
    for at, value in enumerate(values.cast(pa.binary()).to_pylist()):
        try:
            (value or b"").decode()
        except UnicodeDecodeError:
            return at
    return 0
