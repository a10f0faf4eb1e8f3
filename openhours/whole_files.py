"""Files that appear under their names only when they are whole, and keep what was there until then."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Write a file beside its path, and move it there in the end; whatever fails leaves nothing and changes nothing.

    What is no file, such as a device or a pipe, has nothing to keep and is written to as it is.

    Raises:
        OSError: it cannot be written; the error names the path, also where a full disk names none.
    """
    place = path.resolve()  # a link stays one
    part = place.with_name(place.name + ".part")
    try:
        if place.exists() and not place.is_file():
            with place.open("wb") as out:
                yield out
            return
        with part.open("wb") as out:
            yield out
        part.replace(place)
    except OSError as error:
        if error.filename in (None, str(part), str(place)) and not isinstance(error, ConnectionError | TimeoutError):
            raise type(error)(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        with suppress(OSError):  # it was not to be made, either
            part.unlink(missing_ok=True)
