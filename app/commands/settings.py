"""Reads the settings of a command, and says in words what is wrong with them."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from pydantic import ValidationError

from app.errors import BadSetting
from app.settings import TOKEN_VARIABLES, Settings
from app.wording.branches import without_branches
from app.wording.suggestions import suggestions
from app.wording.validation import wrong_value
from app.wording.wrong_values import WrongValue, detail

PREFIX: Final = str(Settings.model_config["env_prefix"])

_TOKENS: Final = TOKEN_VARIABLES.removeprefix(PREFIX)

#: What container engines and Kubernetes tell a container of services whose name begins like ours, by name or value.
_LINK: Final = re.compile(r"(\w+_)?SERVICE_(HOST|PORT\w*)|(\w+_)?PORT_\d+_(TCP|UDP)\w*")
_LINK_VALUES: Final = ("tcp://", "udp://")


def read_settings() -> Settings:
    """The settings as the environment has them.

    Raises:
        BadSetting: one has a value that it cannot have, or a variable is none of them though it is named like one.
    """
    _refuse_unknown(os.environ)
    try:
        return Settings()
    except ValidationError as error:
        schema = Settings.model_json_schema()
        values = [
            _without_password(wrong_value(one, one["loc"], schema, name=_variable("_".join(map(str, one["loc"])))))
            for one in without_branches(error.errors(include_url=False), schema)
        ]
        raise BadSetting(detail(values)) from error


def _without_password(wrong: WrongValue) -> WrongValue:
    """The same without what was received, if that may be an address with a password."""
    return replace(wrong, received=None, is_shown=False) if "@" in str(wrong.received) else wrong


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """Refuse variables that nobody reads: one that is misspelt would leave the default in force."""
    known = [name.upper() for name in Settings.model_fields]
    begun = {name.upper().removeprefix(PREFIX): name for name in environment if name.upper().startswith(PREFIX)}
    unknown = [
        name
        for name, variable in begun.items()
        if name not in known
        and not name.startswith(_TOKENS)
        and not _LINK.fullmatch(name)
        and not environment[variable].startswith(_LINK_VALUES)
    ]
    if unknown:
        raise BadSetting(detail([_unknown(name, known) for name in unknown]))


def _unknown(name: str, known: Sequence[str]) -> WrongValue:
    meant = [_variable(one) for one in suggestions(name, known)[:1]]
    return WrongValue(
        parameter=_variable(name),
        received=None,
        reason="is not a setting",
        nearest=meant,
        allowed=None if meant else [_variable(one) for one in known],
        is_shown=False,
    )


def _variable(name: str) -> str:
    upper = name.upper()
    return upper if upper.startswith(PREFIX) else f"{PREFIX}{upper}"
