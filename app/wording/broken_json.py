"""What is wrong with a text that should be JSON, in our words and with its place."""

from json import JSONDecodeError
from typing import Final

from app.wording.each_once import NoNumber

#: What the parser of JSON says, and what is meant; it says "Expecting value" of an end, too.
_BROKEN: Final = {
    "Unterminated string": "a string that starts here does not end",
    "Invalid control character": "a string has a line break or another control character that is not escaped",
    "Invalid \\": "a string has a backslash that does not start an escape sequence",
    "Expecting property name": "a name in double quotes is missing",
    "Expecting ':'": "a colon is missing after a name",
    "Expecting ','": "a comma or a closing bracket is missing",
    "Expecting value": "a value is missing",
    "Illegal trailing comma": "there is a comma too many",
    "Unexpected UTF-8 BOM": "it begins with a byte order mark, which must not be there",
    "Extra data": "there is more text after its end",
}


def breaks(said: str) -> str:
    """What breaks a JSON document, of what the parser says."""
    return next((words for begin, words in _BROKEN.items() if said.startswith(begin)), "it breaks off")


def at_place(said: str, text: str, at: int) -> str:
    """The same with its place: the line and the column, both counted from 1, of a character of the text."""
    before = text[:at].rstrip()
    if before.endswith(",") and text[at : at + 1] in {"}", "]"}:  # Python tells of this from 3.13 on
        said, at = "Illegal trailing comma", len(before) - 1
    line_begin = text.rfind("\n", 0, at) + 1
    return f"{breaks(said)} (line {text.count(chr(10), 0, at) + 1}, column {at - line_begin + 1})"


def json_trouble(error: ValueError | RecursionError) -> str:
    """Why ``json.loads`` has not read a text, continues "is not valid JSON: …"."""
    match error:
        case JSONDecodeError():
            return at_place(error.msg, error.doc, error.pos)
        case NoNumber():
            return str(error)
        case RecursionError():
            return "it is nested too deeply"
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case _:
            return "it has a number with thousands of digits"
