"""YAML as texts, lists and mappings, within bounds.

Every scalar stays the text that the file has: ``3.10`` is not the number 3.1, and ``on`` is not true. The document is
composed of the parser's events, so that its depth is checked before anything recurses into it. An alias is the node
that it names, not a copy: a small file cannot become a large document.
"""

from collections.abc import Iterator
from typing import Final

import yaml

from app.metrics.runtimes.runtime import MAX_CHARACTERS, UnreadableFile

Value = str | list["Value"] | dict[str, "Value"]

#: Deepest nesting. Workflows need about ten.
MAX_DEPTH: Final = 50

#: The parser of libyaml is ten times as fast and takes nested brackets in linear time; all wheels of PyYAML have it.
_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

#: What YAML 1.2 reads as null, if it is not quoted.
_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))


def read_yaml(text: str) -> Value:
    """The only document of a text; an empty text is an empty text.

    Raises:
        UnreadableFile: it is not YAML, has several documents or keys twice, or is too long or too deep.
    """
    if len(text) > MAX_CHARACTERS:
        raise UnreadableFile("too long")
    try:
        return _Composer(yaml.parse(text, Loader=_LOADER)).document()
    except (yaml.YAMLError, UnicodeError) as error:
        raise UnreadableFile("not YAML") from error


class _Composer:
    """Makes a document of the events of a parser."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._anchors: dict[str, Value] = {}

    def document(self) -> Value:
        root: Value = ""
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise UnreadableFile("several documents")
                root = self._node(next(self._events), 1)
        return root

    def _node(self, event: yaml.Event, depth: int) -> Value:
        if depth > MAX_DEPTH:
            raise UnreadableFile("too deep")
        node: Value
        match event:
            case yaml.AliasEvent():
                # An alias within the node that it names is not known yet: no document contains itself.
                if event.anchor not in self._anchors:
                    raise UnreadableFile("unknown alias")
                return self._anchors[event.anchor]
            case yaml.ScalarEvent():
                node = "" if event.implicit[0] and event.value in _NULLS else event.value
            case yaml.SequenceStartEvent():
                node = list(self._items(depth))
            case yaml.MappingStartEvent():
                node = self._mapping(depth)
            case _:
                raise UnreadableFile("no node")
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _items(self, depth: int) -> Iterator[Value]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _mapping(self, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, str) or key in found:
                raise UnreadableFile("a key that is not a text, or twice")
            found[key] = self._node(next(self._events), depth + 1)
        return found
