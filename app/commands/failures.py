"""The words of an error that ends a command, or keeps the application from starting."""

from typing import Final

from app.errors import OpenhoursError
from app.telemetry.logs import redacted
from openhours.errors import OpenhoursError as ClientError

#: What is told in words; anything else is a defect and keeps its traceback.
TOLD: Final = (OpenhoursError, ClientError, OSError)


def told(error: OpenhoursError | ClientError | OSError) -> list[tuple[str, str]]:
    """A code and a message, without secrets, for each thing that is wrong."""
    if isinstance(error, OSError):
        return [("input_output_error", redacted(str(error)))]
    return [(error.code, redacted(error.message))]
