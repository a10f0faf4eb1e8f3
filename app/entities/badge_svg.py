"""A badge: a label and what is said of it, as a small SVG that asks for nothing from outside."""

from dataclasses import dataclass
from html import escape
from typing import Final

HEIGHT: Final = 20

#: Widths of letters and free space beside a text, pixels. Every text is stretched to its place, whatever the font.
_NARROW: Final = frozenset("iljtfrI .,'|!:;()[]/")
_NARROW_LETTER: Final = 4.1
_LETTER: Final = 7.0
_BESIDE: Final = 7

_LABEL: Final = "#444444"
_WHOLE: Final = "#1f6fb2"
_NOT_WHOLE: Final = "#8a5a00"

_UNITS: Final = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says.

    Attributes:
        label: on its left.
        said: on its right.
        about: for who cannot see it, and below the pointer.
        is_whole: False: it has another colour, because something is missing in the number.
    """

    label: str
    said: str
    about: str
    is_whole: bool = True


def badge_svg(badge: Badge) -> str:
    """The badge as a document of SVG."""
    left, right = _width(badge.label), _width(badge.said)
    about = escape(_printable(badge.about))
    colour = _WHOLE if badge.is_whole else _NOT_WHOLE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f'aria-label="{about}"><title>{about}</title>'
        f'<rect width="{left}" height="{HEIGHT}" fill="{_LABEL}"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{colour}"/>'
        '<g fill="#ffffff" font-family="Verdana,DejaVu Sans,Liberation Sans,sans-serif" font-size="11">'
        f"{_text(badge.label, 0)}{_text(badge.said, left)}</g></svg>\n"
    )


def short_number(number: int) -> str:
    """A number with three digits at most and a letter for thousands: 999, 1.2k, 12.3k, 123k, 1.2M."""
    if number < 1_000:
        return str(number)
    # The unit in which it still has three digits after rounding: 999,600 are 1.0M, not 1000k.
    size, letter = next(
        (size, letter) for size, letter in _UNITS if number >= size or round(number * 1000 / size) > 999
    )
    share = number / size
    return f"{share:.1f}{letter}" if round(share, 1) < 100 else f"{share:.0f}{letter}"


def _width(text: str) -> int:
    return round(sum(_NARROW_LETTER if letter in _NARROW else _LETTER for letter in text)) + 2 * _BESIDE


def _text(text: str, start: int) -> str:
    return (
        f'<text x="{start + _BESIDE}" y="14" textLength="{_width(text) - 2 * _BESIDE}" lengthAdjust="spacingAndGlyphs">'
        f"{escape(_printable(text))}</text>"
    )


def _printable(text: str) -> str:
    """Without what XML does not allow. As in style.py, which loads altair; a badge is made while somebody waits."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
