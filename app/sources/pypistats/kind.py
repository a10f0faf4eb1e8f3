"""pypistats.org as a kind of source.

The site allows 5 requests a second and 30 a minute, and says so with 429 and ``Retry-After``. It knows no tokens; one
that the source has all the same is for what stands before it, in a network of one's own.
"""

from typing import Final

from app.sources.api.client import client_of
from app.sources.contract import SourceKind
from app.sources.stream import streams_of

PYPISTATS: Final = SourceKind(
    name="pypistats",
    summary="daily installs of projects of the Python Package Index, from pypistats.org",
    base_url="https://pypistats.org/api",
    streams=streams_of("app.sources.pypistats"),
    client=client_of(),
)
