"""Makes a key for a person who has a name and a password, as ``openhours login`` does: log in, make it, log out."""

from collections.abc import Mapping
from typing import Any

from openhours.connection import Connection


class Login(Connection):
    """A session of one person at one server; close it after use. The cookie of the session lives in its connections.

    Args:
        address: of the server.

    Raises:
        InvalidInput: it is not an address.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address, key="")

    def make_key(
        self, name: str, password: str, *, key_name: str, days: int, code: str | None = None
    ) -> Mapping[str, Any]:
        """A new key of the person as answered, its secret in ``key``; the session has ended again.

        Args:
            name: of the person.
            password: theirs.
            key_name: what the key is called.
            days: how long it lasts.
            code: of the second factor.

        Raises:
            NotAuthenticated: the name, the password or the code is wrong, or the code is missing.
            NotAllowed: sessions need https.
            Problem: too many logins, for example.
        """
        second = {} if code is None else {"code": code}
        self._ask("POST", "/login", json={"name": name, "password": password, **second})
        try:
            return self._ask("POST", "/keys", json={"name": key_name, "days": days})
        finally:
            self._response("POST", "/logout")
