"""Flow control of a connection of which more was received than has been looked at."""

from uvicorn.protocols.http.flow_control import FlowControl


class Held(FlowControl):
    """Flow control of a connection of which more has been received than is fed to its parser.

    Attributes:
        is_held: whether that is so; then nobody has it read on.
    """

    is_held = False

    def hold(self) -> None:
        """Read nothing more for a while."""
        self.is_held = True
        self.pause_reading()

    def let_go(self) -> None:
        """Read on."""
        if self.is_held:
            self.is_held = False
            self.resume_reading()

    def resume_reading(self) -> None:
        if not self.is_held:
            super().resume_reading()
