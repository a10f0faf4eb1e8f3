"""The folders of reports: locked while in use, removed when their replica has died."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.jobs.scratch import remove_abandoned_folders, scratch_folder
from tests.commands import REPOSITORY

#: Holds a folder until it is killed.
HOLDER = """\
import signal
from app.jobs.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "half.csv").write_text("half")
    print(folder, flush=True)
    signal.pause()
"""


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def age(path: Path) -> None:
    os.utime(path, (0, 0))


def test_a_folder_is_empty_and_gone_afterwards() -> None:
    with scratch_folder() as folder:
        assert list(folder.iterdir()) == []
        (folder / "a").touch()
    assert not folder.exists()


def test_a_folder_in_use_stays_and_that_of_a_killed_process_goes() -> None:
    with (
        scratch_folder() as used,
        subprocess.Popen([sys.executable, "-c", HOLDER], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as holder,
    ):
        assert holder.stdout is not None
        left = Path(holder.stdout.readline().strip())
        age(used.with_name("lock"))
        age(left.with_name("lock"))
        remove_abandoned_folders()
        assert used.exists()
        assert left.exists()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        remove_abandoned_folders()
        assert used.exists()
        assert not left.parent.exists()


def test_what_is_young_or_was_not_made_here_stays(tmp_path: Path) -> None:
    young, other = tmp_path / "openhours-report-young", tmp_path / "openhours-report-of-last-year"
    for folder in (young, other):
        folder.mkdir()
    (young / "lock").touch()
    (other / "result.csv").touch()
    age(other / "result.csv")
    age(other)
    remove_abandoned_folders()
    assert young.exists()
    assert other.exists()
