"""A text as a QR code, for the camera of a phone."""

import segno
from markupsafe import Markup


def qr_picture(text: str) -> Markup:
    """An ``<svg>`` of black squares on white, with the margin that cameras need (ISO/IEC 18004: four squares).

    It has no style and no script, which the policy of pages would refuse, and is as wide as its element. A seventh of
    the squares may be unreadable.
    """
    drawn = segno.make_qr(text, error="m").svg_inline(light="#fff", svgclass=None, lineclass=None, omitsize=True)
    return Markup(drawn)  # noqa: S704 - of what is drawn only the squares depend on the text
