"""The kinds of sources, by the name that addresses and commands use. A new kind is its folder and its line here."""

from app.sources.contract import SourceKind
from app.sources.github.kind import GITHUB
from app.sources.pypistats.kind import PYPISTATS

SOURCE_KINDS: dict[str, SourceKind] = {kind.name: kind for kind in (GITHUB, PYPISTATS)}
