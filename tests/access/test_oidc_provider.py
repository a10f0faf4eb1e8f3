"""Single sign-on against a provider that keeps to OpenID Connect, and against one that does not."""

from collections.abc import Callable, Iterator
from time import time
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from app.access.oidc.attempt import Attempt, new_attempt
from app.access.oidc.configuration import OidcConfiguration, oidc_configuration, roles_of_groups
from app.access.oidc.provider import Provider
from app.access.scopes import Role
from app.errors import LoginFailed, SetupError, SingleSignOnUnavailable
from app.settings import Settings
from tests.access.provider import CLIENT_ID, CLIENT_SECRET, Claims, TestProvider, provider

CALLBACK = "https://openhours.example/login/oidc/callback"


@pytest.fixture
def there() -> Iterator[TestProvider]:
    with provider() as one:
        yield one


@pytest.fixture
def here(there: TestProvider) -> Provider:
    return Provider(
        OidcConfiguration(
            issuer=there.issuer,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            redirect_uri=CALLBACK,
            roles={"ops": Role.OPERATOR},
            scopes="openid profile",
            groups_claim="groups",
        )
    )


def code_of(here: Provider, attempt: Attempt) -> str:
    """What the browser brings back, after the person has logged in at the provider."""
    back = httpx2.get(here.login_address(attempt)).headers["Location"]
    assert back.startswith(f"{CALLBACK}?")
    query = parse_qs(urlsplit(back).query)
    assert attempt.has_state(query["state"][0])
    return query["code"][0]


def test_who_logs_in_there_is_known_here(here: Provider, there: TestProvider) -> None:
    attempt = new_attempt()
    identity = here.identity_of(code_of(here, attempt), attempt)
    assert (identity.issuer, identity.subject) == (there.issuer, "248289761001")
    assert (identity.name, identity.groups, identity.email) == ("ada", ["ops"], None)


def test_the_address_asks_for_a_code_with_pkce_and_a_nonce_and_tells_no_secret(here: Provider) -> None:
    attempt = new_attempt()
    address = here.login_address(attempt)
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == CALLBACK
    assert query["scope"] == "openid profile"
    assert {query["state"], query["nonce"]} == {attempt.state, attempt.nonce}
    for hidden in (attempt.seed, attempt.verifier, CLIENT_SECRET):
        assert hidden not in address


def changed(**claims: object) -> Callable[[TestProvider], None]:
    def apply(there: TestProvider) -> None:
        there.changed = lambda right: {name: value for name, value in {**right, **claims}.items() if value is not None}

    return apply


def signed(how: str) -> Callable[[TestProvider], None]:
    def apply(there: TestProvider) -> None:
        there.signed = getattr(there, how)

    return apply


@pytest.mark.parametrize(
    "misbehave",
    [
        pytest.param(changed(nonce="another"), id="the nonce of another login"),
        pytest.param(changed(nonce=None), id="no nonce"),
        pytest.param(changed(aud="another-client"), id="for another client"),
        pytest.param(changed(aud=[CLIENT_ID, "another"], azp="another"), id="asked for by another client"),
        pytest.param(changed(iss="https://elsewhere.example"), id="of another issuer"),
        pytest.param(changed(iss=None), id="of no issuer"),
        pytest.param(changed(exp=int(time()) - 3600), id="expired"),
        pytest.param(changed(exp=None), id="without an end"),
        pytest.param(changed(nbf=int(time()) + 3600), id="not valid yet"),
        pytest.param(changed(iat=int(time()) + 3600), id="made in the future"),
        pytest.param(changed(sub=None), id="of nobody"),
        pytest.param(signed("by_nobody"), id="alg none"),
        pytest.param(signed("by_the_public_key_as_a_secret"), id="HS256 with the public key"),
        pytest.param(signed("by_another_key"), id="signed by another key"),
        pytest.param(lambda there: setattr(there, "signed", lambda _: "no.token"), id="no token at all"),
        pytest.param(lambda there: setattr(there, "signed", lambda _: "é"), id="not ASCII"),
    ],
)
def test_an_id_token_that_is_not_for_this_login_lets_nobody_in(
    here: Provider, there: TestProvider, misbehave: Callable[[TestProvider], None]
) -> None:
    attempt = new_attempt()
    code = code_of(here, attempt)
    misbehave(there)
    with pytest.raises(LoginFailed):
        here.identity_of(code, attempt)


@pytest.mark.parametrize("subject", ["", "x" * 256, 17, ["a"]])
def test_a_subject_is_a_short_text(here: Provider, there: TestProvider, subject: object) -> None:
    attempt = new_attempt()
    code = code_of(here, attempt)
    changed(sub=subject)(there)
    with pytest.raises(LoginFailed):
        here.identity_of(code, attempt)


def test_a_code_works_once(here: Provider) -> None:
    attempt = new_attempt()
    code = code_of(here, attempt)
    here.identity_of(code, attempt)
    with pytest.raises(LoginFailed):
        here.identity_of(code, attempt)


def test_a_code_that_another_browser_asked_for_is_worth_nothing(here: Provider) -> None:
    code = code_of(here, new_attempt())
    with pytest.raises(LoginFailed):
        here.identity_of(code, new_attempt())


def test_the_state_of_another_attempt_is_not_this_ones() -> None:
    first, second = new_attempt(), new_attempt()
    assert first.has_state(first.state)
    assert not first.has_state(second.state)
    assert not first.has_state("é")
    assert len({first.state, first.nonce, first.verifier, first.seed}) == 4
    assert first.seed not in repr(first)


def test_a_new_key_of_the_provider_is_fetched_but_not_at_every_wrong_token(
    here: Provider, there: TestProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = new_attempt()
    here.identity_of(code_of(here, attempt), attempt)
    there.key = type(there.key).generate_key(2048, {"kid": "2", "use": "sig"})
    code = code_of(here, attempt)
    before = there.asked.count("/keys")
    with pytest.raises(LoginFailed):  # just fetched: whoever sends wrong tokens has us ask no one
        here.identity_of(code, attempt)
    assert there.asked.count("/keys") == before
    monkeypatch.setattr("app.access.oidc.provider.LEAST_SECONDS", 0)
    here.identity_of(code_of(here, attempt), attempt)
    assert there.asked.count("/keys") == before + 1


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_description_that_cannot_be_trusted_is_not_used(
    here: Provider, there: TestProvider, document: Claims
) -> None:
    there.document = document
    with pytest.raises(SingleSignOnUnavailable):
        here.login_address(new_attempt())


def test_a_provider_that_is_away_is_told_in_plain_words(here: Provider, there: TestProvider) -> None:
    there.issuer = "http://127.0.0.1:1"
    here._configuration = type(here._configuration)(
        **{name: getattr(here._configuration, name) for name in here._configuration.__slots__}
        | {"issuer": there.issuer}
    )
    with pytest.raises(SingleSignOnUnavailable, match="log in by password"):
        here.login_address(new_attempt())


def test_groups_give_the_highest_of_their_roles() -> None:
    roles = roles_of_groups("ops=operator, everybody=viewer,cn=admins=admin")
    assert roles == {"ops": Role.OPERATOR, "everybody": Role.VIEWER, "cn=admins": Role.ADMIN}
    configuration = oidc_configuration(settings(oidc_roles="ops=operator,everybody=viewer"))
    assert configuration is not None
    assert configuration.role_of(["everybody", "ops", "others"]) == Role.OPERATOR
    assert configuration.role_of(["others"]) is None


def settings(**changes: object) -> Settings:
    right = {
        "oidc_issuer": "https://login.example",
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_roles": "ops=operator",
        "public_url": "https://openhours.example/base/",
    }
    return Settings(**(right | changes))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"oidc_client_id": None}, "OPENHOURS_OIDC_CLIENT_ID"),
        ({"public_url": None}, "OPENHOURS_PUBLIC_URL"),
        ({"oidc_roles": "ops=king"}, "'ops=king' is not a group and its role"),
        ({"oidc_roles": None}, "OPENHOURS_OIDC_ROLES"),
        ({"oidc_issuer": "http://login.example"}, "https://"),
    ],
)
def test_settings_that_do_not_suffice_are_told(changes: dict[str, object], says: str) -> None:
    with pytest.raises(SetupError, match=says):
        oidc_configuration(settings(**changes))


def test_the_callback_is_below_the_public_address() -> None:
    configuration = oidc_configuration(settings())
    assert configuration is not None
    assert configuration.redirect_uri == "https://openhours.example/base/login/oidc/callback"
    assert CLIENT_SECRET not in repr(configuration)
    assert oidc_configuration(settings(oidc_issuer=None)) is None
