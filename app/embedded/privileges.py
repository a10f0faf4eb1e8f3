"""Runs a program of Postgres, which refuses root, as nobody: without any capability, wherever its folder lies."""

import functools
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.errors import EmbeddedServerError

#: Opens the working directory for the program, which as nobody may not pass the folders above it, such as /root. What
#: is reached through a file descriptor of one's own is not looked for by its path.
OPEN_FOLDER: Final = ("/bin/sh", "-c", 'exec 3<. && exec "$@"', "sh")
OPENED_FOLDER: Final = "/proc/self/fd/3"

#: Lets a process that was root still pass folders of mode 700 such as /root; part of a container's default set. Only
#: for an installation that lies below such a folder: its programs and libraries are looked for by their paths.
KEEP_DAC_OVERRIDE: Final = ("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override")

#: Has access(2) respect that capability, by which initdb and postgres look for their programs.
ACCESS_BY_CAPABILITY: Final = "--securebits=+no_setuid_fixup"


@dataclass(frozen=True, slots=True)
class Unprivileged:
    """How a program of Postgres is run: what comes before its command, and what its working directory is called."""

    prefix: tuple[str, ...]
    folder: str


def unprivileged(program: Path) -> Unprivileged:
    """How to run a program of Postgres as this user, or as nobody if that is root.

    Raises:
        EmbeddedServerError: root lacks what that takes.
    """
    if os.geteuid() != 0:
        return Unprivileged((), ".")
    if next(_closed(program), None) is None:
        return Unprivileged((*OPEN_FOLDER, *_as_nobody(), "--inh-caps=-all", "--no-new-privs", "--"), OPENED_FOLDER)
    if prefix := _with_capability():
        return Unprivileged(prefix, ".")
    folder, mode = next(_closed(program))
    raise EmbeddedServerError(
        f"PostgreSQL did not start: it refuses to run as root, so it runs as nobody, and {folder} (mode {mode:o}) "
        f"does not let other users reach {program}. Install Openhours in a folder that every user can reach, such as "
        f"/opt, or run it as another user."
    )


def nobody() -> tuple[int, int]:
    """The user and group for what root must not do."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return 65534, 65534
    return entry.pw_uid, entry.pw_gid


def with_name() -> tuple[str, ...]:
    """What to put before initdb, which refuses a user without a name: makes it see the name of nobody then."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        uid, gid = nobody()
        return ("unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--")
    return ()


def _closed(path: Path) -> Iterator[tuple[Path, int]]:
    """The folders on the way to a path that a user who is neither their owner nor in their group may not pass."""
    for folder in path.parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            yield folder, mode


def _as_nobody() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedServerError(
            "PostgreSQL did not start: it refuses to run as root, and the program setpriv (package util-linux), which "
            "runs it as nobody, is missing. Install it, run as another user, or set OPENHOURS_DATABASE_URL."
        )
    uid, gid = nobody()
    return (setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups")


@functools.cache
def _with_capability() -> tuple[str, ...]:
    """What lets nobody pass every folder; empty where the kernel does not let root hand that down."""
    for options in ((ACCESS_BY_CAPABILITY, *KEEP_DAC_OVERRIDE), KEEP_DAC_OVERRIDE):
        prefix = (*_as_nobody(), *options, "--")
        # setpriv does not complain when the kernel keeps the capability back.
        probe = [*prefix, "grep", "-q", "^CapEff:.*2$", "/proc/self/status"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:  # noqa: S603
            return prefix
    return ()
