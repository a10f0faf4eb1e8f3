"""The words of an error that ends a command, or keeps the application from starting."""

import errno
import os
import re
from pathlib import Path
from typing import Final

from rich.markup import escape

from app.commands.terminal import err
from app.errors import BadInput, NotFound, OpenhoursError
from app.telemetry.logs import redacted
from openhours.errors import OpenhoursError as ClientError

#: What is told in words; anything else is a defect and keeps its traceback.
TOLD: Final = (OpenhoursError, ClientError, OSError)

_NO_ROOM: Final = "there is no space left to write {}; make room, or give a path on another disk"
_NO_RIGHT: Final = "this user may not use {}; change its rights or those of its folder, or give another path"

#: Options of a load and of a report as messages of the service write them; not those that a file or a user has.
_PARAMETER: Final = re.compile(
    r"(?<![\w'\"?&/-])(?P<name>force|columns|on_error|max_errors|assume_zone|valid_from|accounting|decimals)=(?P<value>[a-z_0-9]*)(?=[\s.,;)]|$)"
)

#: The same of a method of HTTP.
_PUT: Final = ("; PUT stores one", "; `put` stores one")

#: What the system says, by its number, with the name of the file.
_PLAIN: Final = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EFBIG: "{} would be larger than the disk allows; give a path on another disk",
    errno.EROFS: "{} cannot be written: its disk is read-only; give a path on another disk",
    errno.EACCES: _NO_RIGHT,
    errno.EPERM: _NO_RIGHT,
    errno.EISDIR: "{} is a folder; give the name of a file",
    errno.ENOTDIR: "a part of the path {} is a file, not a folder; give another path",
    errno.ENAMETOOLONG: "the name {} is too long; give a shorter one",
    errno.EIO: "the disk of {} fails; give a path on another disk",
    errno.ELOOP: "the links of {} lead back to themselves; give another path",
    errno.EMFILE: "this process may open no more files; raise the limit with ulimit -n",
    errno.ENFILE: "this machine may open no more files; end other programs",
}


def told(error: OpenhoursError | ClientError | OSError) -> list[tuple[str, str]]:
    """A code and a message, without secrets, for each thing that is wrong."""
    if isinstance(error, OSError):
        return [("input_output_error", redacted(in_words(error)))]
    return [(error.code, redacted(error.message))]


def in_words(error: OSError) -> str:
    """What the system refuses, with the name of the file where it is known, and what to do."""
    if error.filename is None and error.errno not in _PLAIN:
        return re.sub(r"^\[Errno -?\d+\] ", "", str(error))
    name = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
    if error.errno == errno.ENOENT and name is not None:
        if not name.parent.is_dir():
            return f"there is no folder {name.parent}; make it, or give another path"
        return f"{name} is not there and cannot be made there; give another path"
    said = _PLAIN.get(error.errno or 0, f"{{}}: {error.strerror}; give another path")
    return said.format("the file" if name is None else name)


def as_options(message: str) -> str:
    """What the service says of its parameters, as the command line calls them: ``on_error=skip_rows`` is an option."""

    def option(found: re.Match[str]) -> str:
        value = "" if found["value"] in ("", "true") else f" {found['value']}"
        return f"--{found['name'].replace('_', '-')}{value}"

    return _PARAMETER.sub(option, message).replace(*_PUT)


def tell(error: Exception) -> int:
    """Print what is wrong; returns the exit code. Raises the error if it is a defect."""
    if not isinstance(error, TOLD):
        raise error
    for code, message in told(error):
        err.print(f"[bold red]{code}[/]: {escape(as_options(message))}")
    return 2 if _is_refusal(error) else 1


def _is_refusal(error: Exception) -> bool:
    """Whether the input is wrong, rather than something that failed."""
    refused = isinstance(error, OpenhoursError | ClientError) and 400 <= error.status < 500
    return refused or isinstance(error, BadInput | NotFound)
