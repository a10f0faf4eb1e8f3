"""What a process does so that people are told: finds out whom, sends, looks, tidies up."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.access.server_secret import server_secret
from app.automation import relay as relaying
from app.automation import watching
from app.automation.letters import Letters
from app.automation.relay import Relay
from app.automation.rule_kind import Tools
from app.automation.watching import Watching
from app.deliveries import deliverer as sending
from app.deliveries import retention
from app.deliveries.attempt import Attempts
from app.deliveries.deliverer import Deliverer
from app.deliveries.means import Means
from app.replica.loops import Loop
from app.reports.service import ReportService
from app.storage.resources import Resources
from app.telemetry.replica_name import replica_name


@dataclass(frozen=True, slots=True)
class Automation:
    """Of one process.

    Attributes:
        resources: its servers.
        reports: the service of reports.
        means: what sends.
        sends: whether this process sends; only those that run jobs may reach the outside.
    """

    resources: Resources
    reports: ReportService
    means: Means
    sends: bool

    @property
    def tools(self) -> Tools:
        """What rules look at."""
        return Tools(self.reports, self.resources.settings)

    def loops(self) -> Iterator[Loop]:
        """Those of the process."""
        engine, settings = self.resources.engine, self.resources.settings
        relay = Relay(engine, self.tools, [kind.name for kind in self.reports.kinds()])
        yield Loop("events", lambda stopping, _: relay.handle_waiting(stopping), relaying.LOOK_SECONDS, watched=False)
        watcher = Watching(engine, self.tools)
        yield Loop("rules", lambda stopping, _: watcher.look(stopping), watching.LOOK_SECONDS, watched=False)
        yield Loop(
            "delivery retention",
            lambda stopping, _: retention.tidy(engine, days=settings.delivery_days, stopping=stopping),
            retention.LOOK_SECONDS,
            watched=False,
        )
        if self.sends:
            deliverer = Deliverer(engine, settings, self._attempts(), replica=replica_name())
            yield Loop(
                "deliveries", lambda stopping, _: deliverer.send_due(stopping), sending.LOOK_SECONDS, watched=False
            )

    def _attempts(self) -> Attempts:
        settings = self.resources.settings
        letters = Letters(self.reports, attachment_bytes=settings.mail_attachment_bytes)
        base = None if settings.public_url is None else settings.public_url.rstrip("/") + (settings.root_path or "")
        return Attempts(self.means, server_secret(settings), letters.compose, base)
