"""The fork server of a program's jobs, forked with the program: in an interpreter of its own it would import again."""

import os
import signal
import socket
from collections.abc import Sequence
from multiprocessing import util
from typing import Any

#: Longest code that a fork server is started with, bytes.
LONGEST = 1 << 16


def fork_server_ahead() -> None:
    """Have multiprocessing's first fork server in this process, which has one thread, be one that is forked now.

    It waits for its code and its files, and ends when this process ends. A later one starts as it always does.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        try:
            _serve(theirs)
        finally:
            os._exit(0)
    theirs.close()
    unused = [ours.detach()]  # left open, without a warning, by programs that run no jobs
    spawn: Any = util.spawnv_passfds  # type: ignore[attr-defined]

    def given(path: str, arguments: Sequence[str], files: Sequence[int]) -> int:
        if not unused or "from multiprocessing.forkserver import main" not in arguments[-1]:
            started: int = spawn(path, arguments, files)
            return started
        with socket.socket(fileno=unused.pop()) as channel:
            socket.send_fds(channel, [f"{','.join(map(str, files))}\n{arguments[-1]}".encode()], files)
        return pid

    util.spawnv_passfds = given  # type: ignore[attr-defined]


def _serve(channel: socket.socket) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    request, files, _, _ = socket.recv_fds(channel, LONGEST, 2)
    channel.close()
    if not request:
        return
    numbers, _, code = request.decode().partition("\n")
    wanted = [int(number) for number in numbers.split(",")]
    kept = [os.dup2(file, max(*wanted, *files) + 1 + place) for place, file in enumerate(files)]
    for file, number in zip(kept, wanted, strict=True):
        os.dup2(file, number, inheritable=False)
    for file in {*files, *kept} - set(wanted):
        os.close(file)
    exec(code, {"__name__": "fork_server"})  # noqa: S102 - as the interpreter would with -c
