"""Runs a module as ``python -m`` does, by having it forked: ``asking.py SOCKET MODULE ARGUMENTS…``.

A script of its own that imports little: it takes 20 milliseconds, where to import the application takes two seconds.
Signals go on to the program, which dies with this process; how it ends is how this one ends.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

#: Those that tests send.
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    _, path, module, *arguments = sys.argv
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
        channel.connect(path)
        wanted = {"module": module, "arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}
        signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # until it is known to whom they go
        socket.send_fds(channel, [json.dumps(wanted).encode()], [0, 1, 2])
        pid = int(channel.recv(32))

        def pass_on(number: int, _: FrameType | None) -> None:
            os.kill(pid, number)

        for number in PASSED_ON:
            signal.signal(number, pass_on)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        code = os.waitstatus_to_exitcode(int(channel.recv(32)))
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
