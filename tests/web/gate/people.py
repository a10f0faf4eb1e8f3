"""Users and credentials, written into the tables as they stand: what makes them is tested elsewhere."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import Engine, insert, update

from app.access.epoch import raise_epoch
from app.access.scopes import Scope
from app.access.secrets import Kind, Secret, new_secret
from app.access.tables import token, user


@dataclass(frozen=True, slots=True)
class People:
    """Users of one installation."""

    engine: Engine

    def user(self, name: str, role: str, *, disabled: bool = False, kind: str = "person") -> str:
        """Add one; its id."""
        user_id = uuid4().hex
        row = {"id": user_id, "name": name, "kind": kind, "role": role}
        with self.engine.begin() as connection:
            connection.execute(insert(user).values(**row, disabled_at=datetime.now(UTC) if disabled else None))
        return user_id

    def credential(
        self, user_id: str, kind: Kind = Kind.KEY, *, scopes: list[Scope] | None = None, lasts: float = 3600
    ) -> Secret:
        """Give a user a credential that ends after ``lasts`` seconds."""
        secret = new_secret(kind)
        row = {
            "id": secret.id,
            "kind": kind.value,
            "user_id": user_id,
            "sha256": secret.digest,
            "last4": secret.text[-4:],
            "name": "test" if kind is Kind.KEY else None,
            "scopes": scopes,
            "expires_at": datetime.now(UTC) + timedelta(seconds=lasts),
        }
        with self.engine.begin() as connection:
            connection.execute(insert(token).values(**row))
        return secret

    def revoke(self, secret: Secret) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(token).where(token.c.id == secret.id).values(revoked_at=datetime.now(UTC)))
            raise_epoch(connection)

    def change(self, user_id: str, **values: object) -> None:
        """Change a user: ``role``, ``disabled_at``."""
        with self.engine.begin() as connection:
            connection.execute(update(user).where(user.c.id == user_id).values(**values))
            raise_epoch(connection)
