"""What is in a page, as the parser of the standard library reads it."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

#: Elements without an end.
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


@dataclass
class Element:
    """An element with what is in it.

    Attributes:
        tag: its name.
        attributes: None for one without a value.
        parts: texts and elements, in their order.
    """

    tag: str
    attributes: dict[str, str | None]
    parts: list["str | Element"] = field(default_factory=list)

    def all(self, tag: str | None = None, **attributes: str) -> list["Element"]:
        """Elements below it, of a tag and with attributes; ``_`` in a name stands for a hyphen."""
        wanted = {name.replace("_", "-").strip("-"): value for name, value in attributes.items()}.items()
        return [
            one
            for one in self._below
            if (tag is None or tag == one.tag) and (not wanted or wanted <= one.attributes.items())
        ]

    @cached_property
    def _below(self) -> list["Element"]:
        """All elements below it, in the order of their beginnings; it is asked when all have been read."""
        below = []
        for part in self.parts:
            if isinstance(part, Element):
                below.append(part)
                below += part._below
        return below

    def one(self, tag: str | None = None, **attributes: str) -> "Element":
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tag} {attributes}"
        return found[0]

    @property
    def text(self) -> str:
        """Its text, white space made one space."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> list[str]:
        return [text for part in self.parts for text in ([part] if isinstance(part, str) else part._texts())]

    def __getitem__(self, name: str) -> str:
        value = self.attributes[name]
        assert value is not None
        return value


#: Attributes that run script.
_RUNS_SCRIPT = re.compile("on[a-z]+")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, dict(attrs))
        self.open[-1].parts.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].parts.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def read(text: str) -> Element:
    """A page; every element that has a begin has its end."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert [one.tag for one in reader.open] == [""], "elements without an end"
    return reader.root


def has_no_script_or_style_within(document: Element) -> None:
    """No policy is broken by a page."""
    for element in document.all():
        assert "style" not in element.attributes, f"<{element.tag}> has a style, which the policy forbids"
        assert not [name for name in element.attributes if _RUNS_SCRIPT.fullmatch(name)]
        assert not (element.attributes.get("href") or "").lower().startswith("javascript:")
        if element.tag in {"script", "style"}:
            assert element.tag == "script" and not element.text, "script or style within a page"  # noqa: PT018


def labels_its_fields(document: Element) -> None:
    """Each field of a form has a label."""
    labelled = {label["for"] for label in document.all("label") if "for" in label.attributes}
    within = {id(one) for label in document.all("label") for one in label.all()}
    for found in [one for tag in ("input", "select", "textarea") for one in document.all(tag)]:
        if found.attributes.get("type") in {"hidden", "submit"}:
            continue
        has_label = found.attributes.get("id") in labelled or id(found) in within or "aria-label" in found.attributes
        assert has_label, f"the field {found.attributes.get('name')} has no label"
