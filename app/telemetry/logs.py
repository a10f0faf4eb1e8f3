"""The log of a process, libraries included: one JSON object per line on stderr, or plain text on a terminal.

Modules use ``logging.getLogger(__name__)`` as usual. Each line has timestamp (ISO 8601, UTC), level, logger,
event and replica; request_id if it is about a request, report_id if it is about one report; exception if there was one.
A line of the access log has the request and what became of it. No line shows a secret.
"""

import logging
import os
import sys
import threading
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.telemetry.redaction import Redactor
from app.telemetry.stream import UnhurriedHandler

if TYPE_CHECKING:
    from app.settings import Settings

#: Fields of the access log.
REQUEST_KEYS: Final = ("method", "path", "status", "milliseconds", "bytes", "client")

#: Fields of a line, in this order.
KEYS: Final = (
    *("timestamp", "level", "logger", "event", "replica", "request_id", "report_id", "dataset_id"),
    *(*REQUEST_KEYS, "exception"),
)

#: Those of them that are made here, of nothing that anyone has sent: no secret can be in them.
_MADE_HERE: Final = frozenset({"timestamp", "level", "logger", "request_id"})

#: Loggers that write about each plugin, and about the dialect at every readiness check; storage.migrate has its own.
TALKATIVE: Final = ("alembic.runtime",)

_log = logging.getLogger(__name__)
_redactor = Redactor()


def configure(settings: "Settings", *, replica: str) -> None:
    """Configure the log of this process, at ``settings.log_level`` and under this name, replacing any earlier one."""
    conceal(
        *(one.get_secret_value() for one in (settings.database_url, settings.redis_url, settings.api_key) if one),
        os.environ.get("AWS_SECRET_ACCESS_KEY"),
        os.environ.get("AWS_SESSION_TOKEN"),
    )
    handler = UnhurriedHandler(sys.stderr)
    handler.setFormatter(_formatter(sys.stderr, replica))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # No line has them, and to look them up takes a tenth of the time for a line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_end_of_thread


def conceal(*secrets: str | None) -> None:
    """Mask these values in the log from now on, and the password of an address."""
    _redactor.learn(secrets)


def redacted(text: str) -> str:
    """The text with secrets masked, for output elsewhere."""
    return _redactor.redact(text)


def bound(**ids: str) -> AbstractContextManager[None]:
    """Add ``report_id=…`` or the like to all lines logged in this context, in this thread or task."""
    return structlog.contextvars.bound_contextvars(**ids)


def bind(**ids: str) -> None:
    """Add the report or dataset to all lines logged from here on in this task."""
    structlog.contextvars.bind_contextvars(**ids)


def _formatter(stream: TextIO, replica: str) -> logging.Formatter:
    def finished(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["replica"] = replica
        return {key: event[key] if key in _MADE_HERE else _told(event[key]) for key in KEYS if key in event}

    renderer: Processor = structlog.processors.JSONRenderer()
    if stream.isatty():
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(allow=REQUEST_KEYS),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
        ],
        processors=[finished, renderer],
    )


def _told(value: object) -> object:
    return value if isinstance(value, (int, float)) else redacted(str(value))


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.critical("the process ends because of an unhandled exception", exc_info=(kind, error, trace))


def _log_end_of_thread(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread else "?"
    error = args.exc_value or args.exc_type()
    _log.critical(
        "thread %s ends because of an unhandled exception", name, exc_info=(args.exc_type, error, args.exc_traceback)
    )
