"""Names that look like others."""

import pytest

from app.access.names import look_alike, what_is_wrong
from app.access.scopes import Role
from app.errors import InvalidParameters, NameTaken
from tests.access.services import Accounts

#: Each with Latin letters that it looks like; written by their numbers, as nobody could tell them otherwise.
ALIKE = [
    ("\u0441\u043e\u0441\u043e", "coco"),  # Cyrillic
    ("\u0422\u041e\u041c", "tom"),  # Cyrillic capitals
    ("\u039d\u0399\u039a\u039f", "niko"),  # Greek capitals
    ("\uff41\uff44\uff41", "ada"),  # fullwidth
    ("\U0001d41a\U0001d41d\U0001d41a", "ada"),  # mathematical bold
    ("\ufb01nn", "finn"),  # a ligature
    ("\u0131da", "ida"),  # without its dot
]


@pytest.mark.parametrize(("strange", "plain"), ALIKE)
def test_names_that_look_the_same_are_alike(strange: str, plain: str) -> None:
    assert look_alike(strange, plain)
    assert look_alike(plain, strange)


@pytest.mark.parametrize(("one", "other"), [("ada", "adam"), ("zo\u00eb", "zoe"), ("\u0430\u0434\u0430", "ada")])
def test_names_that_differ_are_not(one: str, other: str) -> None:
    assert not look_alike(one, other)


@pytest.mark.parametrize(
    "name",
    [
        "ada",
        "Ada L\u00f6we",
        "o\u02bcbrien",
        "\u0418\u0432\u0430\u043d",
        "\u0418\u0432\u0430\u043d (Ivan)",
        "\u039d\u03af\u03ba\u03bf\u03c2",
        "\u4f50\u3005\u6728\u30ec\u30fc",
        "T\u30b7\u30e3\u30c4",
        "ci-2",
    ],
)
def test_names_of_people_everywhere_are_fine(name: str) -> None:
    assert what_is_wrong(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("\u0430dmin", "mixes Cyrillic and Latin letters in one word"),
        ("\u0430d1min", "mixes Cyrillic and Latin letters in one word"),
        ("n\u03bfra", "mixes Greek and Latin letters in one word"),
        ("ada\u3164", "has characters that are not visible"),
        ("ad\ufe0fa", "has characters that are not visible"),
    ],
)
def test_a_name_that_is_not_what_it_seems_is_refused_with_the_reason(
    accounts: Accounts, name: str, reason: str
) -> None:
    with pytest.raises(InvalidParameters, match=reason):
        accounts.person(name)
    owner = accounts.person("ada")
    with pytest.raises(InvalidParameters, match=reason):
        accounts.keys.make(owner.id, name)


@pytest.mark.parametrize(("strange", "plain"), ALIKE)
def test_the_second_of_two_names_that_look_alike_is_taken(accounts: Accounts, strange: str, plain: str) -> None:
    first = accounts.users.add(strange, role=Role.VIEWER)
    with pytest.raises(NameTaken, match="looks like that of the user"):
        accounts.users.add(plain, role=Role.VIEWER)
    accounts.users.remove(first.id)
    accounts.users.add(plain, role=Role.VIEWER)
    with pytest.raises(NameTaken, match="looks like that of the user"):
        accounts.users.add(strange, role=Role.VIEWER)
