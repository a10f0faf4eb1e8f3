"""The words of an error that ends a command, or keeps the application from starting."""

from typing import Final

from rich.markup import escape

from app.commands.terminal import err
from app.errors import BadInput, NotFound, OpenhoursError
from app.telemetry.logs import redacted
from openhours.errors import OpenhoursError as ClientError

#: What is told in words; anything else is a defect and keeps its traceback.
TOLD: Final = (OpenhoursError, ClientError, OSError)


def told(error: OpenhoursError | ClientError | OSError) -> list[tuple[str, str]]:
    """A code and a message, without secrets, for each thing that is wrong."""
    if isinstance(error, OSError):
        return [("input_output_error", redacted(str(error)))]
    return [(error.code, redacted(error.message))]


def tell(error: Exception) -> int:
    """Print what is wrong; returns the exit code. Raises the error if it is a defect."""
    if not isinstance(error, TOLD):
        raise error
    for code, message in told(error):
        err.print(f"[bold red]{code}[/]: {escape(message)}")
    return 2 if _is_refusal(error) else 1


def _is_refusal(error: Exception) -> bool:
    """Whether the input is wrong, rather than something that failed."""
    refused = isinstance(error, OpenhoursError | ClientError) and 400 <= error.status < 500
    return refused or isinstance(error, BadInput | NotFound)
