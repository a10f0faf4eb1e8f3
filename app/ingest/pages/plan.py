"""How the pages of a stream become records: what a dataset of pages keeps beside its mapping."""

import re
from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ConfigDict

#: What may be the name of a child in an expression.
_WORD: Final = re.compile(r"[A-Za-z0-9_]+")


class ChildPages(BaseModel):
    """Pages that were read for each item of a list; ``single``: the body is one object."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    single: bool = False


class PagePlan(BaseModel):
    """The same as in the document of the stream, as far as it makes records of pages; all texts are JMESPath.

    Attributes:
        source: id of the source, by which repositories have their names of today.
        stream, version: of the document.
        key: of an item.
        children: of each item.
        keep: which records stay; None: all.
        each: the list in a record whose elements become rows; None: the record does.
        keep_rows: which of them stay.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    stream: str
    version: int
    key: str
    children: tuple[ChildPages, ...] = ()
    keep: str | None = None
    each: str | None = None
    keep_rows: str | None = None

    def unused_children(self, expressions: Iterable[str]) -> frozenset[str]:
        """Names of children that neither these expressions nor those of the plan speak of."""
        texts = [*expressions, *(text for text in (self.keep, self.each, self.keep_rows) if text is not None)]
        words = set(_WORD.findall(" ".join(texts)))
        return frozenset(child.name for child in self.children if child.name not in words)
