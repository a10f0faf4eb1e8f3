"""Has the process of a job give way to whoever answers HTTP on this machine."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

#: Added to the niceness.
NICENESS: Final = 10

#: The niceness of this process's session, where Linux groups processes by session; see sched(7).
_AUTOGROUP: Final = Path("/proc/self/autogroup")


def give_way() -> None:
    """Lower the priority of this process, which has just been forked.

    Outside of containers Linux first shares the processor fairly between sessions, and then between the processes of
    one by their niceness. In the session of its replica, a job would use up the share of those who answer HTTP.
    """
    os.nice(NICENESS)
    os.setsid()
    with suppress(OSError):  # Linux groups nothing here, or was asked too often lately
        _AUTOGROUP.write_text(str(NICENESS), encoding="ascii")
