"""What routes ask for whose answer is a page with a form. What it looks like is known above them, and given to them."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.errors import OpenhoursError

#: The pages that people see who have not come in yet.
FormPage = Literal["login", "setup", "reset", "unsubscribe"]


class DrawsForms(Protocol):
    """Draws a page that no cache keeps.

    ``error`` is what was refused when the form was sent; ``values`` are those of its fields, and what else it shows.
    """

    def __call__(
        self, request: Request, form: FormPage, *, error: OpenhoursError | None, values: Mapping[str, Any]
    ) -> HTMLResponse: ...
