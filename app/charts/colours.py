"""Colours of charts, and the darker ones that outline what is too pale for the paper. All are ``#rrggbb``."""

from typing import Final

INK: Final = "#1f2933"
MUTED: Final = "#52606d"
GRID: Final = "#e4e7eb"
PAPER: Final = "#ffffff"

#: Most teams shown individually, and as many colours as people can distinguish.
TEAMS: Final = 12

#: In the order of the teams: six of Okabe and Ito's palette, then six searched for so that all twelve, the two greys
#: and the paper are distinct under every common colour blindness. No information is conveyed by colour alone.
TEAM_COLOURS: Final = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"),
    *("#192597", "#fdd288", "#682936", "#940ef4", "#533161", "#871d00"),
)
NO_TEAM_COLOUR: Final = "#52606d"
OTHERS_COLOUR: Final = "#cbd2d9"

#: Least contrast of an outline to the paper: what WCAG 2.2 (1.4.11) asks of the shapes that a picture is read by.
LEAST_CONTRAST: Final = 3.0


def outline(colour: str) -> str:
    """The colour itself if it stands out from the paper, else the same hue as little darker as it takes."""
    channels = _channels(colour)
    for percent in range(100, 0, -1):
        darker = "#" + "".join(f"{channel * percent // 100:02x}" for channel in channels)
        if _contrast_to_paper(darker) >= LEAST_CONTRAST:
            return darker
    return INK


def _contrast_to_paper(colour: str) -> float:
    """Contrast ratio as WCAG 2.2 defines it, 1 … 21."""
    return (_luminance(PAPER) + 0.05) / (_luminance(colour) + 0.05)


def _luminance(colour: str) -> float:
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in _channels(colour))
    ]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
