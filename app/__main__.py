"""``python -m app``."""

import sys

if __name__ == "__main__":
    try:
        from app.cli import main

        main()
    except KeyboardInterrupt:  # while the modules are imported; the commands end by themselves
        sys.exit(130)
