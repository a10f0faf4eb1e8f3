"""Who asks, where only a user can."""

from app.access.principal import Principal, actor
from app.access.scopes import Scope
from app.errors import NotAllowed


def own_id() -> str:
    """The id of the user who asks.

    Raises:
        NotAllowed: in local mode, or for whom a proxy names without a user here, there is none.
    """
    who = actor()
    if who.user_id is None:
        raise NotAllowed(
            f"{who.name} is not a user of this service and has no keys, sessions or settings. Log in as a user, or "
            f"name one."
        )
    return who.user_id


def is_admin() -> bool:
    """Whether who asks may administer users."""
    return Scope.USERS_ADMIN in actor().scopes


def require_no_key(who: Principal) -> None:
    """Refuse to make keys with a key: one that leaked would live on in others. Raises NotAllowed."""
    if who.via in {"key", "access"} and Scope.USERS_ADMIN not in who.scopes:
        raise NotAllowed(
            "A key cannot be used to make another key: log in, or ask an administrator.",
            allowed=[str(Scope.USERS_ADMIN)],
        )
