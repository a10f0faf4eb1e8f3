"""The classes of installs: by the user agents that linehaul is tested with, and as a slow twin finds them."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.flow.install_classes import BREAKS, CI_KEPT_FROM, INSTALLS, Installers, class_of, classes_of
from tests.reference.install_classes import class_by_hand
from tests.strategies import examples

AGENTS = Path(__file__).parents[1] / "cases/activity/user-agents"
SINCE = date(2024, 2, 23)
BEFORE = date(2024, 2, 22)
EPOCH = date(1970, 1, 1)

#: Of each file of user agents, the class of each of its agents since the sources keep what they say of CI.
EXPECTED = {
    "artifactory": ["mirror"],
    "bandersnatch": ["mirror"],
    "bazel": ["other"] * 3,
    "browser": ["other"],
    "conda": ["unknown_ci"],
    "devpi": ["mirror"],
    "distribute": ["unknown_ci"],
    "homebrew": ["unknown_ci"],
    "ignored": [],
    "maturin": ["unknown_ci"],
    "nexus": ["mirror"],
    "os": ["other"],
    "pdm": ["unknown_ci"],
    "pep381client": ["mirror"] * 2,
    "pex": ["unknown_ci"],
    "pip": ["unknown_ci"] * 2,
    "poetry": ["unknown_ci"],
    "requests": ["other"] * 2,
    "setuptools": ["unknown_ci"] * 2,
    "twine": ["other"] * 3,
    "urllib2": ["unknown_ci"],
    "uv": ["person", "ci", "ci"],
    "z3c-pypimirror": ["mirror"],
}


def agents(name: str) -> list[dict[str, Any]]:
    """What linehaul makes of the agents of a file, without those that it makes nothing of."""
    told = yaml.safe_load((AGENTS / f"{name}.yml").read_text(encoding="utf-8"))
    return [one["result"] for one in told if one["result"] is not None]


def class_on(told: dict[str, Any], day: date) -> str:
    installer = told.get("installer", {})
    return class_of(installer.get("name"), installer.get("version"), ci=told.get("ci"), day=day).value


def test_every_file_of_user_agents_has_its_classes() -> None:
    assert sorted(path.stem for path in AGENTS.glob("*.yml")) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_user_agent_has_the_class_that_its_installer_says(name: str) -> None:
    assert [class_on(one, SINCE) for one in agents(name)] == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_before_the_sources_keep_ci_nobody_is_known_to_be_a_person(name: str) -> None:
    before = ["unknown_ci" if one == "person" else one for one in EXPECTED[name]]
    assert [class_on(one, BEFORE) for one in agents(name)] == before


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("19.1", "person"),
        ("19.1.1", "person"),
        ("19.0.3", "unknown_ci"),
        ("9.9", "unknown_ci"),
        ("19.10", "person"),
        ("20.0b1", "person"),
        ("24", "person"),
        ("19", "unknown_ci"),
        ("", "unknown_ci"),
        (None, "unknown_ci"),
        ("new", "unknown_ci"),
    ],
)
def test_pip_says_whether_it_runs_in_ci_since_19_1(version: str | None, expected: str) -> None:
    assert class_of("pip", version, ci=None, day=SINCE).value == expected


def test_a_pip_that_says_it_is_not_in_ci_is_a_person_as_one_that_says_nothing_is() -> None:
    assert class_of("pip", "24.0", ci=False, day=SINCE).value == "person"


def test_a_mirror_in_ci_is_ci() -> None:
    assert class_of("bandersnatch", "6.0", ci=True, day=SINCE).value == "ci"


def test_installs_are_of_persons_and_of_those_of_whom_ci_is_not_known() -> None:
    assert [one.value for one in INSTALLS] == ["person", "unknown_ci"]


def test_the_breaks_of_the_sources_are_told() -> None:
    assert sorted(BREAKS) == [date(2024, 2, 23), date(2024, 4, 22)]
    assert date(2024, 2, 23) == CI_KEPT_FROM


names = st.sampled_from(
    [None, "", "pip", "PIP", "uv", "poetry", "bandersnatch", "Nexus", "Homebrew", "twine", "Browser", "distribute"]
)
versions = st.one_of(
    st.none(),
    st.sampled_from(["19.1", "19.0", "18.9", "19", "20", "19.1rc1", "019.01", "19b.5", ".19.1", "1.19"]),
    st.text(alphabet="0129.b", max_size=6),
)
rows = st.tuples(names, versions, st.sampled_from([None, True, False]), st.integers(-2, 2))


@given(told=st.lists(rows, max_size=20))
@settings(max_examples=examples(400))
def test_columns_have_the_classes_that_the_twin_finds_row_by_row(told: list[tuple[Any, Any, Any, int]]) -> None:
    days = [SINCE + timedelta(days=row[3]) for row in told]
    columns = [np.array([row[at] for row in told], object) for at in range(3)]
    found = classes_of(Installers(*columns, day=np.array([(day - EPOCH).days for day in days], np.int64)))
    assert found.tolist() == [
        class_by_hand(name, version, ci, day) for (name, version, ci, _), day in zip(told, days, strict=True)
    ]
