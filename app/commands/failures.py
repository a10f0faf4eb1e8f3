"""The words of an error that ends a command, or keeps the application from starting."""

from typing import Final

from pydantic import ValidationError

from app.errors import OpenhoursError, reason
from app.telemetry.logs import redacted
from openhours.errors import OpenhoursError as ClientError

#: What is told in words; anything else is a defect and keeps its traceback.
TOLD: Final = (OpenhoursError, ClientError, ValidationError, OSError)


def told(error: OpenhoursError | ClientError | ValidationError | OSError) -> list[tuple[str, str]]:
    """A code and a message, without secrets, for each thing that is wrong; a ValidationError is one of the settings."""
    match error:
        case OpenhoursError() | ClientError():
            return [(error.code, redacted(error.message))]
        case ValidationError():
            names = ["_".join(str(part) for part in problem["loc"]).upper() for problem in error.errors()]
            reasons = [reason(problem["msg"]) for problem in error.errors()]
            return [("bad_setting", f"OPENHOURS_{name}: {why}") for name, why in zip(names, reasons, strict=True)]
        case _:
            return [("input_output_error", redacted(str(error)))]
