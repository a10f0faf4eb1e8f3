"""Credentials as text, and what a key may do."""

import string

from hypothesis import given
from hypothesis import strategies as st

from app.access.scopes import SCOPES_OF, Role, Scope, effective, roles_with
from app.access.secrets import PREFIXES, Kind, new_secret, read_secret

KINDS = st.sampled_from(Kind)


@given(KINDS)
def test_a_new_credential_is_read_as_what_it_is_and_as_nothing_else(kind: Kind) -> None:
    secret = new_secret(kind)
    assert read_secret(secret.text, [kind]) == secret
    assert read_secret(secret.text, [other for other in Kind if other is not kind]) is None
    assert len(secret.text) == len(PREFIXES[kind]) + 49
    assert set(secret.text) <= {*string.ascii_letters, *string.digits, "_"}


@given(KINDS, st.data())
def test_every_change_of_a_single_character_is_found(kind: Kind, data: st.DataObject) -> None:
    text = new_secret(kind).text
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda character: character != text[at]))
    assert read_secret(text[:at] + other + text[at + 1 :], Kind) is None


@given(KINDS, st.data())
def test_a_credential_that_is_cut_or_has_more_is_none(kind: Kind, data: st.DataObject) -> None:
    text = new_secret(kind).text
    assert read_secret(text[: data.draw(st.integers(0, len(text) - 1))], Kind) is None
    assert read_secret(text + data.draw(st.text(min_size=1)), Kind) is None


def test_a_credential_does_not_show_itself() -> None:
    secret = new_secret(Kind.KEY)
    shown = f"{secret} {secret!r} {[secret]}"
    assert secret.text not in shown
    assert secret.text[-12:] not in shown


#: From the table of roles, written out again.
OF_ROLE = {
    "viewer": {"reports:read", "data:read"},
    "operator": {
        *("reports:read", "data:read", "reports:run", "reports:delete"),
        *("data:write", "hours:write", "schedules:write"),
    },
    "admin": {scope.value for scope in Scope},
}


@given(st.sampled_from(Role), st.none() | st.sets(st.sampled_from([scope.value for scope in Scope])))
def test_a_key_may_do_what_it_was_made_for_as_far_as_its_owner_may(role: Role, own: set[str] | None) -> None:
    expected = {scope for scope in OF_ROLE[role.value] if own is None or scope in own}
    assert {scope.value for scope in effective(role, own)} == expected


def test_a_higher_role_may_all_that_a_lower_one_may() -> None:
    assert SCOPES_OF[Role.VIEWER] < SCOPES_OF[Role.OPERATOR] < SCOPES_OF[Role.ADMIN]
    assert roles_with(Scope.USERS_ADMIN) == (Role.ADMIN,)
    assert roles_with(Scope.DATA_READ) == (Role.VIEWER, Role.OPERATOR, Role.ADMIN)
