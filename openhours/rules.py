"""Rules, what is done when something happens: make, list, set, pause, resume, remove; their kinds."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from openhours.connection import Connection
from openhours.parameters import as_json, recipients


class Rules(Connection):
    """What a client asks of rules; each goes by its name or its id."""

    def rules(self) -> list[Mapping[str, Any]]:
        """Rules by name, as answered."""
        return list(self._ask("GET", "/rules")["rules"])

    def rule(self, name: str) -> Mapping[str, Any]:
        """One of them, as answered, with what is wrong by it in ``episodes``."""
        return self._ask("GET", _path(name))

    def rule_kinds(self) -> list[Mapping[str, Any]]:
        """The kinds of rules, as answered, each with the JSON Schema of its ``options``."""
        return self._list("/rules/kinds")

    def add_rule(
        self,
        name: str,
        kind: str,
        options: Mapping[str, Any] | None = None,
        *,
        notify: Sequence[str] | Mapping[str, Any] = (),
        enabled: bool = True,
    ) -> Mapping[str, Any]:
        """Make a rule; returns it as answered. It acts for whoever makes it.

        Args:
            name: by which people know it.
            kind: one of rule_kinds().
            options: of the kind.
            notify: names of webhooks, and addresses that may get mail; or an object with ``to`` and ``attach``.
            enabled: whether it does anything.
        """
        return self._ask("POST", "/rules", json=_body(name, kind, options, notify, enabled=enabled))

    def set_rule(
        self,
        name: str,
        kind: str,
        options: Mapping[str, Any] | None = None,
        *,
        notify: Sequence[str] | Mapping[str, Any] = (),
        enabled: bool = True,
    ) -> Mapping[str, Any]:
        """Set a rule anew, all of it, as add_rule() makes one. From then on it acts for whoever does so."""
        return self._ask("PUT", _path(name), json=_body(name, kind, options, notify, enabled=enabled))

    def pause_rule(self, name: str) -> Mapping[str, Any]:
        """Pause a rule until it is resumed."""
        return self._ask("POST", f"{_path(name)}/pause")

    def resume_rule(self, name: str) -> Mapping[str, Any]:
        """Resume a paused rule on behalf of the caller."""
        return self._ask("POST", f"{_path(name)}/resume")

    def remove_rule(self, name: str) -> None:
        """Remove a rule; the reports and messages that it started stay."""
        self._response("DELETE", _path(name))


def _path(name: str) -> str:
    return f"/rules/{quote(name, safe='')}"


def _body(
    name: str,
    kind: str,
    options: Mapping[str, Any] | None,
    notify: Sequence[str] | Mapping[str, Any],
    *,
    enabled: bool,
) -> dict[str, Any]:
    given = {one: as_json(one, value) for one, value in (options or {}).items()}
    return {"name": name, "kind": kind, "options": given, "notify": recipients(notify), "enabled": enabled}
