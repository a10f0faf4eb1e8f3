"""Files that are read by the mapping that an inspection proposes for them."""

from collections.abc import Sequence
from typing import Any

from app.mapping.document import read_mapping
from tests.ingest.checking import check
from tests.ingest.test_inspect_as_written import NOW, look


def rows_as_proposed(content: str | bytes, name: str, kind: str) -> Sequence[Any]:
    """The checked rows of a file, all of them accepted; the proposal is of this kind and asks nothing."""
    found = look(content, name)
    assert found.may_be_accepted, (found.proposal, found.rejections)
    assert found.proposal.kind == kind
    data = content if isinstance(content, bytes) else content.encode()
    checked = check(data, kind, mapping=read_mapping(dict(found.proposal.document or {})), now=NOW)
    assert checked.rejections == []
    return checked.rows
