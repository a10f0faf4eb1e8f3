"""pypistats.org as a kind of source."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from app.sources.api.client import client_of
from app.sources.contract import SourceKind
from app.sources.stream import Stream, read_streams

#: Folder of the streams: one file each, with the name of its stream.
_STREAMS: Final = files("app.sources.pypistats") / "streams"


@cache
def streams() -> Mapping[str, Stream]:
    """The streams by name. Raises InvalidParameters: a file says something that a stream cannot say."""
    return read_streams(_STREAMS)


PYPISTATS: Final = SourceKind(
    name="pypistats",
    summary="installs of projects of the Python Package Index, as pypistats.org tells them by day",
    base_url="https://pypistats.org/api",
    streams=streams,
    client=client_of(),
)
