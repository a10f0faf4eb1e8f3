"""What stands between a client and the API, by the settings: proxies, their path, pages of other origins."""

from typing import Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from app.routers.tus import EXPOSED
from app.settings import Settings, listed
from app.web.addressed import Addressed

#: How long a browser may remember what other origins may do, seconds.
CORS_SECONDS: Final = 3600


def add_edges(app: FastAPI, settings: Settings) -> None:
    """Add the middleware: the last one added is the first to see a request."""
    if origins := listed(settings.cors_origins):
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
            max_age=CORS_SECONDS,
        )
    app.add_middleware(Addressed, root_path=settings.root_path or "")
