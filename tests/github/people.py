"""People, bots and organisations."""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class User:
    """An account; one that is deleted shows as null, or as the ghost where GitHub has it so."""

    id: int
    login: str
    type: str = "User"
    deleted: bool = False

    @property
    def is_bot(self) -> bool:
        return self.type == "Bot" or self.login.endswith("[bot]")


#: Who stands for every account that has been deleted.
GHOST = User(10137, "ghost")
