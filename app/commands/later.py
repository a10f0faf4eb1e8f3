"""Commands that are imported when they are chosen: most of what a command needs takes longer to import than to run."""

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any, ClassVar, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from app.commands.usage import Commands, in_digits


class Later(TyperCommand):
    """A command of which only the name and the line in the list of commands are known.

    Args:
        name: of the command.
        place: module and function, or Typer of a group of commands, as ``app.commands.lists:datasets``.
        summary: the first line of its help.
    """

    def __init__(self, name: str, place: str, summary: str) -> None:
        super().__init__(name, help=summary)
        self._place = place

    def chosen(self) -> Any:
        """The command itself, whose module is imported now."""
        found = resolve_name(self._place)
        holder = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=self.name, help=self.help)
            return in_digits(cast("TyperGroup", get_command(holder)).commands[str(self.name)])
        holder.command(self.name)(found)
        return in_digits(get_command(holder))


class LaterCommands(Commands):
    """A group whose commands are imported when they are chosen; a subclass lists them."""

    #: Place and summary by name, in the order of the help.
    PLACES: ClassVar[Mapping[str, tuple[str, str]]]

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands.update({name: Later(name, *told) for name, told in self.PLACES.items()})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that the arguments name."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.chosen() if isinstance(command, Later) else command, rest
