"""The processes of a Dask cluster that does the pieces of large jobs: dask-scheduler and dask-worker."""

from typing import Annotated

import typer

from app.commands import opening


def dask_scheduler(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: OPENHOURS_HOST, 127.0.0.1.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = 8786,
    health_port: Annotated[int, typer.Option(min=0, max=65535, help="Port for probes; 0 picks a free one.")] = 8787,
    without_tls: Annotated[
        bool,
        typer.Option(
            "--without-tls", help="Listen beyond loopback without TLS, if nobody else can connect. Default: no."
        ),
    ] = False,
) -> None:
    """Run the scheduler of a cluster until Ctrl-C; anybody who can connect to it can run code on it."""
    from app.pieces.cluster.processes import run_scheduler  # noqa: PLC0415 - Dask takes seconds to import

    settings = opening.settings(server=True)
    run_scheduler(settings, host=host or settings.host, port=port, health_port=health_port, may_lack_tls=without_tls)


def dask_worker(
    *,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Number of workers, each a process that runs one piece at a time.")
    ] = 1,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on, for the scheduler. Default: the one from which it is reached."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on, if there is one worker; 0 picks a free one.")
    ] = 0,
    health_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port for probes, if there is one worker; 0 picks a free one.")
    ] = 0,
) -> None:
    """Run pieces of large jobs for the cluster of OPENHOURS_DASK_SCHEDULER until Ctrl-C."""
    from app.pieces.cluster.processes import run_workers  # noqa: PLC0415 - Dask takes seconds to import

    settings = opening.settings(server=True)
    run_workers(settings, workers, host=host, port=port, health_port=health_port)
