"""``openhours``, which is also ``python -m app``."""

import sys

from app.files.without_pandas import keep_pandas_out


def main() -> None:
    """Run the command line; Ctrl-C shows no traceback even while its modules are imported."""
    keep_pandas_out()
    try:
        from app.cli import main as run  # noqa: PLC0415 - takes a while

        run()
    except KeyboardInterrupt:  # the commands end by themselves
        sys.exit(130)


if __name__ == "__main__":
    main()
