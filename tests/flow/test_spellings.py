"""Keys of projects and of repositories, in the ways people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.flow.spellings import project_key, repository_key
from tests.strategies import examples


@pytest.mark.parametrize(
    "spelling",
    [
        "pallets/flask",
        "https://github.com/pallets/flask",
        "http://www.github.com/pallets/flask/",
        "https://github.com/pallets/flask.git",
        "https://someone:secret@github.com/pallets/flask.git",
        "git@github.com:pallets/flask.git",
        "ssh://git@github.com/pallets/flask.git",
        "git+https://github.com/pallets/flask.git",
        "git://github.com/pallets/flask",
        "github.com/pallets/flask",
        "GitHub.com/pallets/flask/",
        "pallets/flask.git",
        "pallets/flask/",
        "https://github.com/pallets/flask/tree/main/src",
        "https://github.com/pallets/flask?tab=readme-ov-file#flask",
        "git+https://github.com/pallets/flask.git@main#egg=flask",
        "ssh://git@ssh.github.com:443/pallets/flask.git",
        "github.com:pallets/flask.git",
        "org-12@github.com:pallets/flask.git",
    ],
)
def test_a_repository_has_one_key_in_every_spelling(spelling: str) -> None:
    assert repository_key(spelling) == "pallets/flask"


@pytest.mark.parametrize("key", ["api", "shop.git", "a b", "", "group/subgroup/api", "git", "org/github.com"])
def test_a_key_that_is_no_address_stays_as_it_is(key: str) -> None:
    assert repository_key(key) == key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Django_Crum", "django-crum"),
        ("django.crum", "django-crum"),
        ("DJANGO--__..CRUM", "django-crum"),
        ("z3c.pypimirror", "z3c-pypimirror"),
        ("a", "a"),
        ("7", "7"),
    ],
)
def test_names_of_projects_are_normalised_as_pep_503_says(name: str, key: str) -> None:
    assert project_key(name) == key


@pytest.mark.parametrize("name", ["", "-a", "a-", ".a", "a_", "a b", "a/b", "é", "a\n", "a@1", "\u212a"])
def test_what_is_no_name_of_a_project_has_no_key(name: str) -> None:
    assert project_key(name) is None


@given(parts=st.lists(st.text(alphabet="abzABZ019", min_size=1, max_size=4), min_size=1, max_size=4), data=st.data())
@settings(max_examples=examples(200))
def test_a_name_has_the_key_of_its_parts_whatever_stands_between_them(parts: list[str], data: st.DataObject) -> None:
    between = st.text(alphabet="-_.", min_size=1, max_size=3)
    name = parts[0] + "".join(data.draw(between) + part for part in parts[1:])
    assert project_key(name) == "-".join(part.lower() for part in parts)
