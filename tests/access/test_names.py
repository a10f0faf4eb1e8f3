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
    ("admi\u0307n", "admin"),  # with two dots in one place
    ("adrnin", "admin"),
    ("adm1n", "admin"),
    ("Ian", "lan"),
    ("b0b", "bob"),
    ("andrevv", "andrew"),
    ("\ua4ee\ua4d3\ua4ee", "ada"),  # Lisu
    ("\u13aa\u13a0\u13aa", "ada"),  # Cherokee
    ("\u1d00\u1d05\u1d0d\u026a\u0274", "admin"),  # small capitals
    ("\u0455\u0441\u043e\u0440\u0435", "scope"),  # Cyrillic, other letters
    ("\u03ba\u03b1\u03c4\u03b9", "kati"),  # Greek
    ("ada  b", "ada b"),
    ("ci\u20112", "ci-2"),
    ("ci \u2013 2", "ci - 2"),
    ("o\u2019brien", "o'brien"),
    ("ci\u06f1", "ci1"),  # a digit of Arabic
]


@pytest.mark.parametrize(("strange", "plain"), ALIKE)
def test_names_that_look_the_same_are_alike(strange: str, plain: str) -> None:
    assert look_alike(strange, plain)
    assert look_alike(plain, strange)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada", "adam"),
        ("zo\u00eb", "zoe"),
        ("\u0430\u0434\u0430", "ada"),
        ("ci1", "ci2"),
        ("ci 1", "ci1"),
        ("L\u00f6we", "Lowe"),
        ("\u4e8c", "\u4e09"),
    ],
)
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
        ("Zoe\u0308\u0308", "has the same mark twice on one letter"),
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


@pytest.mark.parametrize(
    "name", ["system", "System", "anonymous", "local", "1ocal", "\u0455\u0443\u0455\u0442\u0435\u043c"]
)
def test_nobody_is_named_as_the_audit_names_those_who_are_no_users(accounts: Accounts, name: str) -> None:
    with pytest.raises(NameTaken, match="is, or looks like, a name that the audit reserves"):
        accounts.person(name)
