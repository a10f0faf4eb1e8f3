"""The text of a JSON file that a command is given."""

from pathlib import Path

from app.errors import InvalidParameters

_ADVICE = "give the path of a JSON file."


def text_of(file: Path, *, option: str = "") -> str:
    """The text of a file, which may be JSON.

    Args:
        file: its path.
        option: what begins a message about it, such as ``--mapping: ``.

    Raises:
        InvalidParameters: it is missing, empty or not text.
    """
    named = f"{option}{file}"
    try:
        text = file.read_text(encoding="utf-8-sig")  # editors on Windows write a mark before it
    except FileNotFoundError as error:
        raise InvalidParameters(f"{named} is missing; {_ADVICE}") from error
    except OSError as error:
        raise InvalidParameters(f"{named} cannot be read: {error.strerror}; {_ADVICE}") from error
    except UnicodeDecodeError as error:
        raise InvalidParameters(f"{named} is not UTF-8; {_ADVICE}") from error
    if not text.strip():
        raise InvalidParameters(f"{named} is empty; {_ADVICE}")
    return text
