"""One login at a provider: what binds its two requests to one browser."""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Attempt:
    """All that the two requests have to agree on is derived from one random text, which only the browser keeps.

    So no replica stores anything, and who starts a login elsewhere cannot have it finished here: state, nonce and
    verifier differ. A hash of the text does not tell the others.
    """

    seed: str

    @property
    def state(self) -> str:
        """Comes back with the code, as a parameter of the address."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Comes back in the ID token."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Of PKCE (RFC 7636): shows that who redeems the code is who asked for it; 43 characters."""
        return self._derived("verifier")

    def has_state(self, state: str) -> bool:
        """Whether an answer belongs to it."""
        return secrets.compare_digest(self.state.encode(), state.encode())

    def __repr__(self) -> str:
        return "Attempt()"

    def _derived(self, purpose: str) -> str:
        digest = sha256(f"openhours {purpose} {self.seed}".encode()).digest()
        return urlsafe_b64encode(digest).decode().rstrip("=")


def new_attempt() -> Attempt:
    """One of 256 random bits."""
    return Attempt(secrets.token_urlsafe(32))
