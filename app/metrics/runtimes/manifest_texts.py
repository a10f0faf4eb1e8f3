"""Manifests as data: JSON, TOML, INI, XML and Python, within bounds and without running anything."""

import ast
import json
import re
import tomllib
import warnings
from configparser import Error, RawConfigParser
from typing import Any, Final
from xml.etree import ElementTree as ET

from app.metrics.runtimes.runtime import MAX_CHARACTERS, UnreadableFile

#: Dots in a line of TOML: the parser takes the square of the parts of a key.
_MAX_DOTS: Final = 500

# Several blanks, which mean no more than one and of which the parser of INI takes the square.
_BLANKS: Final = re.compile(r"[^\S\n]{2,}")

# A quote that nothing closes ends with its line: to look on from each of them would take the square of the time.
_COMMENT: Final = re.compile(r"""("(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)|//[^\n]*|/\*.*?(?:\*/|\Z)""", re.DOTALL)


def bounded(text: str) -> str:
    """The text.

    Raises:
        UnreadableFile: it is longer than a manifest.
    """
    if len(text) > MAX_CHARACTERS:
        raise UnreadableFile("too long")
    return text


def json_object(text: str) -> dict[str, Any]:
    """An object of JSON.

    Raises:
        UnreadableFile: it is not one.
    """
    try:
        found = json.loads(bounded(text))
    except (ValueError, RecursionError) as error:
        raise UnreadableFile("not JSON") from error
    if not isinstance(found, dict):
        raise UnreadableFile("no object")
    return found


def toml_table(text: str) -> dict[str, Any]:
    """A document of TOML.

    Raises:
        UnreadableFile: it is not one.
    """
    if any(line.count(".") > _MAX_DOTS for line in bounded(text).splitlines()):
        raise UnreadableFile("a key of too many parts")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile("not TOML") from error


def ini_sections(text: str) -> dict[str, dict[str, str]]:
    """The options of each section of an INI file.

    Raises:
        UnreadableFile: it is not one.
    """
    parser = RawConfigParser()
    try:
        parser.read_string(_BLANKS.sub(" ", bounded(text)))
    except (Error, ValueError) as error:
        raise UnreadableFile("not INI") from error
    return {name: dict(parser.items(name)) for name in parser.sections()}


def read_xml(text: str) -> ET.Element:
    """The root of a document of XML, whose names have no namespaces. A document type is refused, and with it entities.

    Raises:
        UnreadableFile: it is not XML, or has a document type.
    """
    if "<!DOCTYPE" in bounded(text):
        raise UnreadableFile("document type")
    try:
        root = ET.fromstring(text)  # noqa: S314 - has no entities but XML's five
    except (ET.ParseError, ValueError) as error:
        raise UnreadableFile("not XML") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def python_tree(text: str) -> ast.Module:
    """The syntax of a Python source, which is not run.

    Raises:
        UnreadableFile: it is no source of a Python of ours.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of escapes that are none
            return ast.parse(bounded(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnreadableFile("not Python") from error


def without_comments(text: str) -> str:
    """JSON, Gradle or Kotlin without its comments; what looks like one within quotes stays."""
    return _COMMENT.sub(lambda match: match[1] or " ", bounded(text))
