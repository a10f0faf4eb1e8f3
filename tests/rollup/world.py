"""Tables in a bucket of their own, and roll-ups of them."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.files.artifact import StoredArtifact
from app.ingest.csv import blocks, unpack
from app.ingest.kind import Raw
from app.ingest.policy import Limits
from app.ingest.rejects import Rejects
from app.ingest.source import FileSource
from app.ingest.table import reading
from app.rollup.grouping import Grouping
from app.rollup.mistakes import REJECTS
from app.rollup.roll_up import roll_up
from app.rollup.work import Outcome, Work
from app.series.table_files import TableFile
from app.storage.resources import Resources

#: Limits below which an input is done in one go.
IN_ONE_GO = 1 << 40
IN_PIECES = -1


@dataclass(frozen=True, slots=True)
class World:
    """A bucket and a folder."""

    resources: Resources
    folder: Path

    def table(self, content: str | bytes, name: str = "plays.csv") -> TableFile:
        """A table as it is when its dataset is ready; rows of the wrong width are left out."""
        block = content.encode() if isinstance(content, str) else content
        path = self.folder / f"{uuid.uuid4().hex}.csv"
        path.write_bytes(block)
        check = reading.TableCheck(FileSource(path, name), columns=None, limits=Limits(), rejects=Rejects())
        for _ in check.blocks():
            pass
        key = f"raw/{path.name}"
        self.resources.object_store.put_bytes(block, key, media_type="text/csv")
        digest = hashlib.sha256(block).hexdigest()
        return check.found(uuid.uuid4().hex, Raw(key, name, len(block), digest))

    def work(self, tables: Sequence[TableFile], grouping: Grouping, allowed: int | None = None) -> Work:
        """What is to be done, with a folder and a prefix of its own."""
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        prefix = f"reports/{uuid.uuid4().hex}/a1/"
        store, settings = self.resources.object_store, self.resources.settings
        return Work(tables, grouping, allowed, store, prefix, settings, folder, lambda *_: None)

    def rolled(
        self,
        tables: Sequence[TableFile],
        grouping: Grouping,
        *,
        allowed: int | None = None,
        one_go_bytes: int = IN_ONE_GO,
    ) -> tuple[Outcome, list[bytes]]:
        """What came of it, and the parts."""
        outcome = roll_up(self.work(tables, grouping, allowed), one_go_bytes=one_go_bytes)
        return outcome, [self.bytes_of(part) for part in outcome.parts]

    def bytes_of(self, part: StoredArtifact) -> bytes:
        """Those of a part, which are as the part says."""
        content = self.resources.object_store.get_bytes(part.key)
        assert len(content) == part.bytes
        assert hashlib.sha256(content).hexdigest() == part.sha256
        assert part.key.endswith(f"/{part.name}")
        return content

    def keys(self, prefix: str = "") -> list[str]:
        """Of every object."""
        return [item.key for page in self.resources.object_store.pages(prefix) for item in page]


def text_of(parts: Sequence[bytes]) -> str:
    """The lines of all parts without their headers, which are the same."""
    headers = {part.partition(b"\n")[0] for part in parts}
    assert len(headers) == 1
    return b"".join(part.partition(b"\n")[2] for part in parts).decode()


def rejects_of(outcome: Outcome) -> list[str]:
    """The lines of the file with rejected rows, below its header."""
    assert outcome.rejects.name == REJECTS
    header, *lines = outcome.rejects.read_text(encoding="utf-8").splitlines()
    assert header == "dataset,file,line,column,value,code,reason"
    return lines


def with_tiny_ranges(patch: pytest.MonkeyPatch, block_bytes: int) -> None:
    """Have tables be read in blocks of about that size, each of which begins a range."""
    for module in (unpack, reading):
        patch.setattr(module, "PIECE_BYTES", block_bytes)
    patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
    patch.setattr(reading, "START_BYTES", 1)
