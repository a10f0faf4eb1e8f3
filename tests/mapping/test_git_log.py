"""The one-liner of the page prints what the kind of commits reads."""

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from app.ingest.policy import Policy
from app.series import activity
from app.series.entities import REPOSITORY
from app.storage.resources import Resources
from tests.conftest import load_file

PAGE = Path(__file__).parents[2] / "docs" / "files-as-they-are.md"

#: When the commits were written, in their order.
WRITTEN = (
    "2024-11-01T01:30:00+02:00",
    "2024-11-02T10:00:00+00:00",
    "2024-11-03T10:00:00+00:00",
    "2024-11-04T10:00:00+00:00",
)


def one_liner() -> str:
    (found,) = re.findall(r"^\(echo sha,.*$", PAGE.read_text(), re.MULTILINE)
    return found


def run(folder: Path, *command: str, at: str = WRITTEN[0]) -> None:
    person = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    dates = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": "2024-12-24T12:00:00+00:00"}
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(("git", *command), cwd=folder, env=os.environ | person | dates | nobody, check=True)


def a_repository(folder: Path) -> None:
    run(folder, "init", "--quiet", "--initial-branch", "main")
    run(folder, "commit", "--quiet", "--allow-empty", "--message", 'the "first", with a comma', at=WRITTEN[0])
    run(folder, "switch", "--quiet", "--create", "side")
    run(folder, "commit", "--quiet", "--allow-empty", "--message", "aside", at=WRITTEN[1])
    run(folder, "switch", "--quiet", "main")
    run(folder, "commit", "--quiet", "--allow-empty", "--message", "ahead", at=WRITTEN[2])
    run(folder, "merge", "--quiet", "--no-ff", "--message", "both", "side", at=WRITTEN[3])


def test_the_one_liner_of_git_log_prints_commits_with_their_number_of_parents(
    resources: Resources, tmp_path: Path
) -> None:
    a_repository(tmp_path)
    subprocess.run(("sh", "-c", one_liner()), cwd=tmp_path, check=True)
    load_file(resources, "commits", tmp_path / "commits.csv", policy=Policy(values={"repo": "org/app"}))
    query = 'SELECT authored_at, committed_at, parents FROM "commit" ORDER BY authored_at'
    with resources.engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(query))]
        assert activity.find(connection, REPOSITORY, "org/app") is not None
    committed = datetime(2024, 12, 24, 12, tzinfo=UTC)
    assert rows == [
        (datetime(2024, 10, 31, 23, 30, tzinfo=UTC), committed, 0),
        (datetime(2024, 11, 2, 10, tzinfo=UTC), committed, 1),
        (datetime(2024, 11, 3, 10, tzinfo=UTC), committed, 1),
        (datetime(2024, 11, 4, 10, tzinfo=UTC), committed, 2),
    ]
