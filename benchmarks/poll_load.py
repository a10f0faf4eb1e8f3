"""Polls on one server: a fixed number a second whether or not the last were answered, or as many as it takes."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

import numpy as np

#: Connections kept open; each carries one request at a time.
CONNECTIONS = 16


async def poll_latencies(address: str, path: Callable[[], str], *, per_second: int, seconds: float) -> list[float]:
    """Seconds from the moment a poll was due until its answer was read, for every poll."""
    url = urlsplit(address)
    due: asyncio.Queue[float | None] = asyncio.Queue()
    latencies: list[float] = []
    loop = asyncio.get_running_loop()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        while (moment := await due.get()) is not None:
            writer.write(f"GET {path()} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
            await _answer(reader)
            latencies.append(loop.time() - moment)
        writer.close()
        await writer.wait_closed()

    connections = [asyncio.create_task(connection()) for _ in range(CONNECTIONS)]
    begin = loop.time()
    for number in range(int(per_second * seconds)):
        moment = begin + number / per_second
        await asyncio.sleep(max(0.0, moment - loop.time()))
        due.put_nowait(moment)
    for _ in connections:
        due.put_nowait(None)
    await asyncio.gather(*connections)
    return latencies


async def requests_per_second(address: str, path: str, *, seconds: float) -> float:
    """How many requests a server answers when each connection sends the next one as soon as it has the last answer."""
    url = urlsplit(address)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    request = f"GET {path} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode()

    async def connection() -> int:
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        answered = 0
        while loop.time() < end:
            writer.write(request)
            await _answer(reader)
            answered += 1
        writer.close()
        await writer.wait_closed()
        return answered

    return sum(await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))) / seconds


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head  # noqa: S101 - a benchmark of failures means nothing
    length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))


def percentiles(latencies: list[float]) -> tuple[float, float]:
    """p50 and p99, milliseconds."""
    p50, p99 = np.percentile(np.array(latencies) * 1000, [50, 99])
    return float(p50), float(p99)
