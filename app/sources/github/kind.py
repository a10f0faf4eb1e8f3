"""GitHub as a kind of source."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from app.sources.api.client import client_of
from app.sources.contract import SourceKind
from app.sources.github.app_token import AppToken
from app.sources.github.discovery import find, first_page
from app.sources.github.rules import RULES
from app.sources.stream import Stream, read_streams

#: Folder of the streams: one file each, with the name of its stream.
_STREAMS: Final = files("app.sources.github") / "streams"


@cache
def streams() -> Mapping[str, Stream]:
    """The streams by name.

    Raises:
        InvalidParameters: a file says something that a stream cannot say.
    """
    return read_streams(_STREAMS)


GITHUB: Final = SourceKind(
    name="github",
    summary="repositories of GitHub or of a GitHub Enterprise Server",
    base_url="https://api.github.com",
    streams=streams,
    client=client_of(RULES),
    app_token=AppToken,
    owned=first_page,
    find=find,
)
