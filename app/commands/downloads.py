"""The files of a report: where they go, and their download."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from app.commands.terminal import out
from app.errors import InvalidParameters
from app.files.folders import made

#: Endings of files that have rows.
TABLES: Final = (".csv", ".parquet")


@contextmanager
def target_of(given: str | None, default: str) -> Iterator[Path]:
    """What ``--out`` names: a file, or a folder, which is made if the name ends with a slash.

    A folder that was made goes again when nothing comes into it.

    Raises:
        InvalidParameters: the folder of the file is missing or cannot be written to, a file has the name of the
            folder, or what is there is no file, such as a device: a download takes the place of what has its name.
    """
    target = Path(given or default)
    with ExitStack() as stack:
        if given and given.endswith("/"):
            try:
                stack.enter_context(made(target))
            except (FileExistsError, NotADirectoryError) as error:
                raise InvalidParameters(f"--out: {error.filename} is a file; give the name of a folder") from error
        _require_place(target)
        yield target


def _require_place(target: Path) -> None:
    if not target.parent.is_dir():
        raise InvalidParameters(f"--out: there is no folder {target.parent}; to make a folder, end its name with /")
    if target.exists() and not (target.is_file() or target.is_dir()):
        raise InvalidParameters(f"--out: {target} is neither a file nor a folder; give the name of one")
    folder = target if target.is_dir() else target.parent
    if not os.access(folder, os.W_OK | os.X_OK):  # before a report is computed for nothing
        raise InvalidParameters(f"--out: the folder {folder} cannot be written to; give another path")


def downloaded(client: Any, answer: Any, target: Path) -> Iterator[tuple[str, Path]]:
    """Download every file and print a line about it; yields names and paths."""
    from openhours.files import File  # noqa: PLC0415 - the HTTP client takes a while to import

    for number, raw in enumerate(answer["files"]):
        file = File.of(raw)
        path = place_of(file.name, target, is_main=number == 0)
        client.download(file, path)
        size = f"{file.rows:,} rows" if path.suffix in TABLES else f"{file.bytes:,} bytes"
        out.print(f"{path}: {size} as of {answer['as_of']}", markup=False)
        yield file.name, path


def place_of(name: str, target: Path, *, is_main: bool) -> Path:
    """The path of a file of a report: its own name in a folder, or the target itself, or a path beside it.

    Beside the target, its name has the target's as prefix, so two reports in one folder do not overwrite each other.
    """
    if target.is_dir():
        return target / name
    return target if is_main else target.with_name(f"{target.stem}-{name}")
