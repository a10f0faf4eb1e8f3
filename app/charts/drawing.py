"""A chart as PNG for a process that must not draw: the engine reserves memory and may abort, so it has its own process.

``python -m app.charts.drawing`` reads a specification and writes the picture.
"""

import json
import subprocess
import sys
from threading import Lock
from typing import Final

from app.charts.style import Chart

#: Longest that a picture may take, seconds; a usual one takes two.
LIMIT_SECONDS: Final = 30

#: One picture at a time: each takes a processor and some 200 MB meanwhile.
_drawing = Lock()


def draw_apart(chart: Chart) -> bytes:
    """The picture, drawn by a process of its own.

    Raises:
        TimeoutError: others are being drawn for too long, or this one is.
        MemoryError: the process died, as it does where it may not allocate what it reserves.
    """
    if not _drawing.acquire(timeout=LIMIT_SECONDS):
        raise TimeoutError("other charts are being drawn")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "app.charts.drawing"],
            input=json.dumps(chart.spec).encode(),
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"the chart was not drawn within {LIMIT_SECONDS} seconds") from error
    finally:
        _drawing.release()
    if done.returncode or not done.stdout:
        raise MemoryError(f"the process that draws ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    from app.charts.files import png

    sys.stdout.buffer.write(png(sys.stdin.read()))
