"""What the badge of a project or a repository says."""

from app.entities.activity import ShownActivity
from app.entities.badge_svg import Badge, badge_svg, short_number
from app.flow.activity import RECENT_DAYS


def draw_badge(shown: ShownActivity, of: str) -> bytes:
    """The badge as an SVG, with the number ``of`` the last 30 days or in ``total``."""
    return badge_svg(_badge(shown, of)).encode()


def _badge(shown: ShownActivity, of: str) -> Badge:
    """The number, and in how far it was counted: no number stands for what nobody counted."""
    what, recent = shown.metric, shown.recent
    label = f"{what}, 30 days" if of == "last_30_days" else what
    if of == "total" and shown.total is not None:
        return Badge(label, short_number(shown.total.value), f"{shown.key}: {shown.total.value:,} {what} in all")
    if recent is None:
        return Badge(label, "no data", f"{shown.key}: no count of its {what}", is_whole=False)
    counted, value = recent.days_covered, recent.figure.value
    about = f"{shown.key}: {value:,} {what} from {recent.first} to {recent.last}, UTC, {counted} of 30 days counted"
    is_whole = counted == RECENT_DAYS
    said = short_number(value) if is_whole else f"{short_number(value)} in {counted} days"
    return Badge(label, said, about, is_whole=is_whole)
