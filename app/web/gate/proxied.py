"""Users whom a trusted proxy names in headers, after it has had them log in."""

from dataclasses import dataclass, replace

from starlette.datastructures import Headers

from app.access.principal import Principal
from app.access.scopes import SCOPES_OF, Role
from app.access.secrets import PREFIXES
from app.errors import AmbiguousRequest, NotAllowed, NotAuthenticated
from app.settings import Settings, group_roles, listed
from app.web.gate.caller import Caller


@dataclass(frozen=True, slots=True)
class Told:
    """What the proxy tells; groups are None where it is not asked for them."""

    name: str
    groups: frozenset[str] | None


class Proxied:
    """Reads the headers of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._user = settings.proxy_user_header.lower()
        self._groups = None if settings.proxy_groups_header is None else settings.proxy_groups_header.lower()
        self._roles = {group: Role(role) for group, role in group_roles(settings.proxy_roles).items()}

    def told(self, headers: Headers, caller: Caller) -> Told | None:
        """Whom the proxy names; None if nobody, or if the request has a key, which then counts alone.

        Raises:
            AmbiguousRequest: a header is there twice, or in a spelling that some servers take for the same.
            NotAuthenticated: the header comes from a peer that is no trusted proxy, or names nobody.
        """
        self._require_unambiguous(headers)
        raw = headers.get(self._user)
        if raw is None or _has_key(headers):
            return None
        name = _text(raw).strip()
        if not caller.is_proxied:
            raise NotAuthenticated(
                f"The header {self._user} counts only from proxies of OPENHOURS_TRUSTED_PROXIES; this request comes "
                f"from {caller.peer or 'an unknown address'}."
            )
        if not (name and name.isprintable()):
            raise NotAuthenticated(f"The header {self._user} names nobody.")
        groups = None if self._groups is None else frozenset(listed(_text(headers.get(self._groups, ""))))
        return Told(name, groups)

    def with_role(self, principal: Principal, told: Told) -> Principal:
        """The user with the highest role of their groups, or with their own where groups do not decide.

        Raises:
            NotAllowed: neither gives them a role.
        """
        if told.groups is None:
            if principal.role is None:
                raise NotAllowed(
                    f"There is no user {told.name!r} here. An administrator adds one: `openhours users add`."
                )
            return principal
        roles = [role for role in Role if role in {self._roles.get(group) for group in told.groups}]
        if not roles:
            raise NotAllowed(f"None of the groups of {told.name!r} has a role here (OPENHOURS_PROXY_ROLES).")
        return replace(principal, role=roles[-1], scopes=SCOPES_OF[roles[-1]])

    def _require_unambiguous(self, headers: Headers) -> None:
        ours = {self._user, self._groups} - {None}
        for name in set(headers):
            if name in ours and len(headers.getlist(name)) > 1:
                raise AmbiguousRequest(f"The request has the header {name} more than once.")
            if name not in ours and name.replace("_", "-") in ours:
                raise AmbiguousRequest(f"The request has the header {name}, which some servers confuse with another.")


def _text(raw: str) -> str:
    """A value as the proxy meant it: in UTF-8, or else in Latin-1, which headers are read as."""
    try:
        return raw.encode("latin-1").decode()
    except UnicodeDecodeError:
        return raw


def _has_key(headers: Headers) -> bool:
    scheme, _, text = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and text.strip().startswith(tuple(PREFIXES.values()))
