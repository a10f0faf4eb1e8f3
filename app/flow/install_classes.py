"""Who asked for a file of a project: the classes of installs, and the one table that they follow from.

The names are those under which linehaul, which reads the user agents of PyPI's log, keeps them in
``details.installer``.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt


class InstallClass(StrEnum):
    """Of whom an install is; installs are those of ``PERSON`` and ``UNKNOWN_CI`` together."""

    PERSON = "person"
    UNKNOWN_CI = "unknown_ci"
    CI = "ci"
    MIRROR = "mirror"
    OTHER = "other"


#: Classes that count as installs.
INSTALLS: Final = (InstallClass.PERSON, InstallClass.UNKNOWN_CI)

#: From this day on the sources keep what an installer says of CI.
CI_KEPT_FROM: Final = date(2024, 2, 23)

#: Days on which a series breaks although nothing has happened to the project, and why.
BREAKS: Final = {
    CI_KEPT_FROM: "the sources begin to keep what installers say of CI",
    date(2024, 4, 22): "uv begins to say whether it runs in CI",
}

#: The first version that says whether it runs in CI; None: every one does.
_SAYS_CI: Final[dict[str, tuple[int, int] | None]] = {"pip": (19, 1), "uv": None}

#: Programs that copy whole indexes.
_MIRRORS: Final = frozenset({"bandersnatch", "z3c.pypimirror", "pep381client", "artifactory", "devpi", "nexus"})

#: Installers that never say whether they run in CI.
_SILENT: Final = frozenset(
    {"pip", "poetry", "pdm", "conda", "pex", "setuptools", "distribute", "homebrew", "maturin", "uv"}
)

_VERSION: Final = re.compile(r"([0-9]+)(?:\.([0-9]+))?")


def class_of(installer: str | None, version: str | None, *, ci: bool | None, day: date) -> InstallClass:
    """The class of an install.

    Args:
        installer: its name, upper or lower case; None where the source does not tell, as in sums by day.
        version: of the installer.
        ci: what it says of CI.
        day: in UTC.
    """
    if ci:
        return InstallClass.CI
    name = (installer or "").lower()
    if name in _MIRRORS:
        return InstallClass.MIRROR
    if name in _SAYS_CI and day >= CI_KEPT_FROM and _is_at_least(version, _SAYS_CI[name]):
        return InstallClass.PERSON
    return InstallClass.UNKNOWN_CI if not name or name in _SILENT else InstallClass.OTHER


def _is_at_least(version: str | None, least: tuple[int, int] | None) -> bool:
    if least is None:
        return True
    found = _VERSION.match(version or "")
    return found is not None and (int(found[1]), int(found[2] or 0)) >= least


@dataclass(frozen=True, slots=True)
class Installers:
    """Columns of installs, one value a row.

    Attributes:
        name, version: object[rows], texts or None.
        ci: object[rows], bool or None.
        day: int64[rows], days since 1970-01-01.
    """

    name: npt.NDArray[np.object_]
    version: npt.NDArray[np.object_]
    ci: npt.NDArray[np.object_]
    day: npt.NDArray[np.int64]


def classes_of(rows: Installers) -> npt.NDArray[np.object_]:
    """The class of each row, object[rows]; rows that say the same are looked at once."""
    kept = rows.day >= (CI_KEPT_FROM - date(1970, 1, 1)).days
    asked = list(zip(rows.name.tolist(), rows.version.tolist(), rows.ci.tolist(), kept.tolist(), strict=True))
    days = {True: CI_KEPT_FROM, False: date.min}
    known = {one: class_of(one[0], one[1], ci=one[2], day=days[one[3]]).value for one in set(asked)}
    return np.array([known[one] for one in asked], object)
