"""``openhours``, which is also ``python -m app``."""

import gc
import sys
from typing import Final

from app.files.without_pandas import keep_pandas_out

#: Objects that are made before those that nothing refers to are looked for. With Python's 700 a sixth of the time in
#: which the web server is imported went into looking.
_GARBAGE_AFTER: Final = 20_000


def main() -> None:
    """Run the command line; Ctrl-C shows no traceback even while its modules are imported."""
    keep_pandas_out()
    gc.set_threshold(_GARBAGE_AFTER, *gc.get_threshold()[1:])
    try:
        from app.cli import main as run  # noqa: PLC0415 - takes a while

        run()
    except KeyboardInterrupt:  # the commands end by themselves
        sys.exit(130)


if __name__ == "__main__":
    main()
