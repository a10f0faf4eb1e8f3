"""Writes the migration that new or changed tables need: ``python -m tests.migration NAME``.

A temporary Postgres is brought to the newest migration; what the declared tables have beyond it becomes the next one.
Read what was written: a computed column, partitions and moves of rows are yours to add.
"""

import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic import command

from app.settings import Settings
from app.storage.migrate import _config, migrate, newest_revision
from app.storage.postgres import build_engine
from app.storage.resources import addresses
from app.web import application  # whose imports declare every table

ROOT = Path(application.__file__).parent.parent.parent


def write(name: str, *, home: Path) -> Path | None:
    """Write the next migration; None where the tables need none."""
    config = _config()
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.cmd_opts = Namespace(quiet=True)
    with addresses(Settings(home=home, slots=1)) as where:
        engine = build_engine(where.database_url, pool_size=1)
        migrate(engine)
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            script: Any = command.revision(
                config,
                message=name,
                rev_id=f"{int(newest_revision()) + 1:04}",
                autogenerate=True,
                process_revision_directives=drop_if_empty,
            )
        engine.dispose()
    return Path(script.path) if script else None


def drop_if_empty(_context: object, _revision: object, directives: list[Any]) -> None:
    if directives[0].upgrade_ops.is_empty():
        directives.clear()


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isidentifier():
        sys.exit(f"Give the name of the migration, such as incidents; received {' '.join(sys.argv[1:])!r}.")
    with TemporaryDirectory() as folder:
        path = write(sys.argv[1], home=Path(folder))
    if path is None:
        sys.exit("The migrations make exactly the tables that are declared: there is nothing to write.")
    for arguments in (("format", "--quiet"), ("check", "--quiet", "--fix"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, path], check=True)
    sys.stdout.write(f"{path.relative_to(ROOT)}\n")
