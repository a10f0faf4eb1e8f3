"""GitHub as a kind of source."""

from typing import Final

from app.sources.api.client import client_of
from app.sources.contract import SourceKind
from app.sources.github.app_token import AppToken
from app.sources.github.discovery import find, first_page
from app.sources.github.rules import RULES
from app.sources.stream import streams_of

GITHUB: Final = SourceKind(
    name="github",
    summary="repositories of GitHub or of a GitHub Enterprise Server",
    base_url="https://api.github.com",
    streams=streams_of("app.sources.github"),
    client=client_of(RULES),
    app_token=AppToken,
    owned=first_page,
    find=find,
)
