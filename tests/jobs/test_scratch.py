"""The folders of reports: locked while in use, removed when their replica has died."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.jobs.scratch import remove_abandoned_folders, scratch_folder
from app.storage.resources import Resources
from tests.commands import REPOSITORY, wait_until
from tests.conftest import working
from tests.kinds import KINDS

#: Holds a folder, and that of a fork server, until it is killed.
HOLDER = """\
import signal
from app.jobs.fork_server import ForkServer
from app.jobs.scratch import scratch_folder
ForkServer({})
with scratch_folder() as folder:
    (folder / "half.csv").write_text("half")
    print(folder, flush=True)
    signal.pause()
"""


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_a_folder_is_empty_and_gone_afterwards() -> None:
    with scratch_folder() as folder:
        assert list(folder.iterdir()) == []
        (folder / "a").touch()
    assert not folder.exists()


def test_a_folder_in_use_stays_and_what_a_killed_process_had_goes_at_once(tmp_path: Path) -> None:
    with (
        scratch_folder() as used,
        subprocess.Popen([sys.executable, "-c", HOLDER], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as holder,
    ):
        assert holder.stdout is not None
        left = Path(holder.stdout.readline().strip())
        assert len(list(tmp_path.iterdir())) == 3  # its own two and ours
        remove_abandoned_folders()
        assert used.exists()
        assert left.exists()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        remove_abandoned_folders()
        assert list(tmp_path.iterdir()) == [used.parent]


def test_what_was_not_made_here_stays(tmp_path: Path) -> None:
    other = tmp_path / "openhours-report-of-last-year"
    other.mkdir()
    (other / "result.csv").touch()
    remove_abandoned_folders()
    assert (other / "result.csv").exists()


def test_a_folder_whose_maker_died_before_it_was_locked_goes_when_it_is_old(tmp_path: Path) -> None:
    young, old = tmp_path / "openhours-new-young", tmp_path / "openhours-new-old"
    for folder in (young, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    remove_abandoned_folders()
    assert list(tmp_path.iterdir()) == [young]


@pytest.mark.timeout(20)
def test_what_is_no_plain_file_of_ours_is_not_opened(tmp_path: Path) -> None:
    kept = tmp_path / "elsewhere"
    kept.mkdir()
    (kept / "lock").touch()
    traps = [tmp_path / f"openhours-report-{name}" for name in ("fifo", "link", "socket", "folder", "stranger")]
    fifo, link, bound, folder, stranger = traps
    for trap in traps:
        trap.mkdir()
    os.mkfifo(fifo / "lock")
    (link / "lock").symlink_to(kept / "lock")
    (folder / "lock").mkdir()
    (stranger / "lock").touch()
    if os.geteuid() == 0:  # only root can make what belongs to somebody else
        os.chown(stranger / "lock", 12345, 12345)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(bound / "lock"))
        os.mkfifo(tmp_path / "openhours-report-itself")
        (tmp_path / "openhours-report-linked").symlink_to(kept)
        remove_abandoned_folders()
    assert (kept / "lock").exists()
    assert [trap.name for trap in (fifo, link, bound, folder) if not trap.exists()] == []
    assert stranger.exists() == (os.geteuid() == 0)
    assert (tmp_path / "openhours-report-itself").exists()
    assert (tmp_path / "openhours-report-linked").is_symlink()


def test_the_next_sweep_removes_what_a_killed_replica_left_behind(
    resources: Resources,
) -> None:
    with working(resources, slots=1, kinds=KINDS):
        with subprocess.Popen([sys.executable, "-c", HOLDER], cwd=REPOSITORY, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            left = Path(holder.stdout.readline().decode().strip()).parent
            assert left.exists()
            holder.kill()
        wait_until(lambda: not left.exists())
