"""The files of work that is done: found by name, and read in blocks."""

from collections.abc import Iterator, Sequence
from typing import Final

from app.errors import UnknownFile
from app.files.artifact import StoredArtifact
from app.storage.resources import Resources

#: Files are passed on in blocks of this size, bytes: a slow reader holds one of them.
BLOCK_BYTES: Final = 64 << 10


def file_named(files: Sequence[StoredArtifact], name: str, *, of: str) -> StoredArtifact:
    """The file of this name. Raises UnknownFile; ``of`` is what it was looked for in."""
    for file in files:
        if file.name == name:
            return file
    names = [file.name for file in files]
    there = f"; there are {', '.join(names)}" if names else "; it has no files"
    raise UnknownFile(f"{of} has no file {name[:80]!r}{there}.", received=name[:80], allowed=names)


def blocks_of(resources: Resources, artifact: StoredArtifact, span: tuple[int, int] | None = None) -> Iterator[bytes]:
    """The bytes of a file, or those of a span of it, in blocks, each read when it is asked for.

    The connection is closed at the end, and when the iterator is closed.

    Raises:
        ObjectStoreUnavailable: it cannot be read now; or, while blocks are read, the connection broke.
    """
    stream = resources.object_store.read(artifact.key, span=span)

    def blocks() -> Iterator[bytes]:
        with stream:
            while block := stream.read(BLOCK_BYTES):
                yield block

    return blocks()
