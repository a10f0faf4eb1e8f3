"""Numbers that come as a text: in an address, in an option, in JSON between quotation marks.

What parses numbers takes more than people write: 1_0 for ten, the digits of every script, blanks around, 1e3, nan. Who
sends that seldom means it, so only digits are taken, with a minus and decimals where they make sense.
"""

import re
from typing import Any, Final

_DIGITS: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WHOLE: Final = re.compile(r"-?[0-9]+")


def is_number(text: str, *, whole: bool = False) -> bool:
    """Whether a text is a number in digits."""
    return (_WHOLE if whole else _DIGITS).fullmatch(text) is not None


def in_digits(value: Any) -> Any:
    """What checks a whole number first, as it came.

    Raises:
        ValueError: a text that is not one in digits, or true or false, which pydantic takes for 1 and 0.
    """
    if isinstance(value, bool) or (isinstance(value, str) and not is_number(value, whole=True)):
        raise ValueError("is not a number in digits")
    return value
