"""Pieces of made-up jobs. Those that tell where they were done leave files in a folder that is named to them."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from app.errors import InvalidParameters
from app.pieces.piece import Place

#: Longest that a piece waits for another one, seconds.
PATIENCE_SECONDS = 60

Arguments = Mapping[str, Any]


def square(place: Place, arguments: Arguments) -> dict[str, Any]:
    """Keeps its bytes in the bucket, by way of a file in its folder."""
    number = arguments["number"]
    file, key = place.folder / "square", f"{arguments['prefix']}{number}"
    assert list(place.folder.iterdir()) == []
    file.write_text(str(number * number), encoding="utf-8")
    place.store.put(file, key, media_type="text/plain")
    return {"number": number, "key": key}


def tell(_: Place, arguments: Arguments) -> int:
    """Leaves a file named for the piece and the process that did it."""
    (Path(arguments["folder"]) / f"{arguments['name']}-{os.getpid()}").touch()
    return os.getpid()


def meet(place: Place, arguments: Arguments) -> int:
    """Waits until as many pieces are under way as are expected."""
    process, folder = tell(place, arguments), Path(arguments["folder"])
    _wait(lambda: len(list(folder.iterdir())) >= arguments["expected"])
    return process


def wait(place: Place, arguments: Arguments) -> int:
    """Waits for a file ``go``."""
    process, folder = tell(place, arguments), Path(arguments["folder"])
    _wait((folder / "go").exists)
    return process


def keep_alone(place: Place, arguments: Arguments) -> int:
    """Fails if its process does another of them at the same time."""
    process = tell(place, arguments)
    alone = Path(arguments["folder"]) / f"process-{process}"
    alone.touch(exist_ok=False)
    sleep(0.05)
    alone.unlink()
    return process


def die(place: Place, arguments: Arguments) -> int:
    """Kills its process the first times, as many as are told."""
    process, folder = tell(place, arguments), Path(arguments["folder"])
    if len(list(folder.glob(f"{arguments['name']}-*"))) <= arguments["times"]:
        os.kill(process, signal.SIGKILL)
    return process


def refuse(_: Place, arguments: Arguments) -> None:
    raise InvalidParameters("It is not to be.", received=arguments["received"])


def devour(_: Place, arguments: Arguments) -> int:
    return len(bytearray(arguments["bytes"]))


def _wait(for_what: Any) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while not for_what():
        assert monotonic() < deadline, "it did not come"
        sleep(0.02)
