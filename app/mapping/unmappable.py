"""A text that a mapping cannot read."""


class Unmappable(ValueError):
    """A stable code, and a reason that continues "<value> …"."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
