"""What one number of activity says: installs without CI, mirrors and the like beside their classes, or commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.flow.activity import Counts
from app.flow.install_classes import CI_KEPT_FROM, INSTALLS, InstallClass


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that was counted.

    Attributes:
        value: installs of people as far as the sources can tell, or commits.
        classes: installs by class, each of them named; None for commits.
        ci_share_at_least: share of CI among CI and installs, 0 to 1, a lower bound: what says nothing of CI counts as
            none. None for commits, where there is nothing to divide by, and where the sources kept nothing of CI yet.
    """

    value: int
    classes: Mapping[str, int] | None = None
    ci_share_at_least: float | None = None


#: Decimals of a share.
_DECIMALS: Final = 4


def of_installs(counts: Counts, *, until: date) -> Figure:
    """The installs of a stretch of days that ends before ``until``."""
    classes = {one.value: counts.get(one.value, 0) for one in InstallClass}
    value = sum(classes[one.value] for one in INSTALLS)
    asked = value + classes[InstallClass.CI]
    says_nothing = until <= CI_KEPT_FROM and not classes[InstallClass.CI]
    share = None if says_nothing or not asked else round(classes[InstallClass.CI] / asked, _DECIMALS)
    return Figure(value, classes, share)


def of_commits(counts: Counts) -> Figure:
    """The commits of a stretch of days."""
    return Figure(sum(counts.values()))
