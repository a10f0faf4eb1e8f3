"""Pages of users, keys, one's own account and the audit, as a browser uses them; attack 71 on each of them."""

import re
from typing import get_args

import numpy as np
import pyotp
import pytest
import zxingcpp
from httpx import Response
from sqlalchemy import update

from app.access.audit import record
from app.access.principal import Principal, Via
from app.access.scopes import Role, Scope
from app.access.tables import second_factor
from app.access.user_records import User
from app.console.access_words import WAYS
from tests.access.services import PASSWORD
from tests.console.conftest import Guarded
from tests.console.html import Element, has_no_script_or_style_within, read
from tests.local_client import LocalClient

NEW_PASSWORD = "eleven green kettles"

#: What people may call themselves and their keys.
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "{{ 7 * 7 }}{% raw %}%(name)s",
    "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}" * 50,
]


@pytest.fixture
def root(guarded: Guarded) -> User:
    return guarded.accounts.person("root", Role.ADMIN)


@pytest.fixture
def admin(guarded: Guarded, root: User) -> LocalClient:
    return guarded.browser(root)


@pytest.fixture
def ada(guarded: Guarded, root: User) -> User:
    return guarded.accounts.person("ada", Role.OPERATOR)


@pytest.fixture
def browser(guarded: Guarded, ada: User) -> LocalClient:
    """That of an operator."""
    return guarded.browser(ada)


def main_of(answer: Response) -> Element:
    return read(answer.text).one("main")


def said(client: LocalClient, answer: Response) -> str:
    """What the page says to which an action leads."""
    assert answer.status_code == 303, answer.text
    return main_of(client.get(answer.headers["location"])).one("p", role="status").text


def refused_at(answer: Response, name: str) -> str:
    """What is said at a field, which is marked and linked from the top."""
    document = main_of(answer)
    assert document.one(id=f"field-{name}")["aria-invalid"] == "true"
    assert [link["href"] for link in document.one(id="refused").all("a")] == [f"#field-{name}"]
    return document.one(id=f"error-{name}").text


def secret_of(answer: Response) -> str:
    """What is shown once."""
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    shown = next(one for one in main_of(answer).all("code") if "secret" in one["class"].split())
    return shown.text


def reading(picture: Element) -> str:
    """What a camera reads of a QR picture, which is black on white in any scheme of colours."""
    assert picture["role"] == "img"
    assert picture["aria-label"]
    ground, squares = picture.all("path")
    assert (ground["fill"], squares["stroke"]) == ("#fff", "#000")
    size = int(picture.one("svg")["viewbox"].split()[2])
    pixels, at, row = np.full((size, size), 255, np.uint8), 0, 0
    for step, across, down in re.findall(r"([Mmh])(-?[\d.]+)(?: ?(-?[\d.]+))?", squares["d"]):
        if step == "h":
            pixels[row, at : at + int(across)] = 0
        else:
            row = int(float(down)) if step == "M" else row + int(down)
            at = 0 if step == "M" else at
        at += int(across)
    (found,) = zxingcpp.read_barcodes(pixels.repeat(4, axis=0).repeat(4, axis=1))
    return found.text


def works(guarded: Guarded, key: str) -> int:
    return guarded.browser().get("/me", headers={"Authorization": f"Bearer {key}"}).status_code


def test_a_person_is_added_and_comes_in_by_the_link_that_is_shown_once(guarded: Guarded, admin: LocalClient) -> None:
    answer = admin.post("/console/users/new", data={"name": "bob", "role": "viewer", "kind": "person", "email": ""})
    link = secret_of(answer)
    assert link.startswith("/invite#oh1_")
    listed = admin.get("/console/users")
    assert "invited" in main_of(listed).text
    assert "oh1_" not in listed.text
    form = {"code": link.partition("#")[2], "password": PASSWORD}
    assert guarded.browser().post("/reset", data=form).headers["location"] == "/login?said=password_set"
    entered = guarded.browser().post("/login", data={"name": "bob", "password": PASSWORD})
    assert (entered.status_code, entered.headers["location"]) == (303, "/console")


def test_a_link_is_whole_where_the_address_of_the_service_is_known(guarded: Guarded) -> None:
    public = Guarded(guarded.accounts.resources, public_url="https://openhours.example/a")
    session = public.accounts.sessions.begin(public.accounts.person("root", Role.ADMIN).id, None, None)
    cookies = {"__Host-openhours": session.text}
    client = LocalClient(public.app, base_url="https://openhours.example", cookies=cookies)
    answer = client.post("/console/users/new", data={"name": "bob", "role": "viewer", "kind": "person"})
    assert secret_of(answer).startswith("https://openhours.example/a/invite#oh1_")
    assert main_of(answer).all(id="path") == []


def test_a_service_account_is_added_without_a_link(admin: LocalClient) -> None:
    answer = admin.post("/console/users/new", data={"name": "robot", "role": "operator", "kind": "service"})
    assert said(admin, answer) == "It was added."
    page = main_of(admin.get(answer.headers["location"]))
    assert "has keys" in page.text
    assert "link" not in page.text


def test_a_user_who_is_not_accepted_is_refused_at_the_field(admin: LocalClient) -> None:
    form = {"name": "bob", "role": "viewer", "kind": "person", "email": "no address"}
    answer = admin.post("/console/users/new", data=form)
    assert answer.status_code == 422
    assert "ada@example.com" in refused_at(answer, "email")
    assert main_of(answer).one("input", name="name")["value"] == "bob"
    assert main_of(answer).one("input", name="email")["value"] == "no address"
    taken = admin.post("/console/users/new", data={**form, "name": "ROOT", "email": ""})
    assert taken.status_code == 409
    assert "already exists" in main_of(taken).one(id="refused").text
    assert admin.post("/console/users/new", data={}).status_code == 422


def test_a_user_is_changed_disabled_enabled_and_removed(guarded: Guarded, admin: LocalClient, ada: User) -> None:
    path = f"/console/users/{ada.id}"
    changed = admin.post(path, data={"role": "viewer", "email": "ada@example.com"})
    assert said(admin, changed) == "The change was saved."
    assert (guarded.accounts.users.get(ada.id).role, guarded.accounts.users.get(ada.id).email) == (
        Role.VIEWER,
        "ada@example.com",
    )
    assert "disabled" in said(admin, admin.post(f"{path}/disable"))
    assert guarded.accounts.users.get(ada.id).disabled_at is not None
    assert "has access again" in said(admin, admin.post(f"{path}/enable"))
    assert guarded.accounts.users.get(ada.id).disabled_at is None
    assert secret_of(admin.post(f"{path}/link")).startswith("/reset#oh1_")
    assert said(admin, admin.post(f"{path}/remove")) == "It was removed."
    assert admin.get(path).status_code == 404


def test_73_the_last_administrator_is_kept_in_words(guarded: Guarded, admin: LocalClient, root: User) -> None:
    path = f"/console/users/{root.id}"
    for answer in (
        admin.post(path, data={"role": "viewer", "email": ""}),
        admin.post(f"{path}/disable"),
        admin.post(f"{path}/remove"),
    ):
        assert answer.status_code == 409
        assert "This is the last administrator who can log in" in main_of(answer).one(id="refused").text
    assert guarded.accounts.users.get(root.id) == root


def test_a_second_factor_that_nobody_has_is_not_taken_away(admin: LocalClient, ada: User) -> None:
    answer = admin.post(f"/console/users/{ada.id}/second-factor")
    assert answer.status_code == 409
    assert main_of(answer).one(id="refused").text


def test_users_and_the_audit_are_for_administrators(browser: LocalClient, ada: User) -> None:
    for path in ("/console/users", f"/console/users/{ada.id}", "/console/users/new", "/console/audit"):
        answer = browser.get(path)
        assert answer.status_code == 403
        assert "admin" in main_of(answer).text
    assert browser.post(f"/console/users/{ada.id}", data={"role": "admin"}).status_code == 403
    menu = read(browser.get("/console/account").text).one("nav", aria_label="Main")
    assert {"Keys", "Account"} <= {link.text for link in menu.all("a")}
    assert {"Users", "Audit"}.isdisjoint(link.text for link in menu.all("a"))


def test_a_key_is_shown_once_and_may_do_what_was_ticked(guarded: Guarded, browser: LocalClient) -> None:
    form = {"name": "nightly", "limited": "true", "scopes": ["reports:read", "data:read"], "days": "30"}
    answer = browser.post("/console/keys/new", data=form)
    key = secret_of(answer)
    me = guarded.browser().get("/me", headers={"Authorization": f"Bearer {key}"}).json()
    assert me["scopes"] == ["data:read", "reports:read"]
    listed = browser.get("/console/keys")
    assert "See files and data; See and download reports" in main_of(listed).text
    own = main_of(answer).all("a", role="button")[-1]["href"]
    for page in (listed, browser.get(own)):
        assert page.status_code == 200
        assert key not in page.text


def test_a_key_is_replaced_with_an_overlap_and_revoked(guarded: Guarded, browser: LocalClient, ada: User) -> None:
    old, secret = guarded.accounts.keys.make(ada.id, "nightly", scopes=[Scope.DATA_READ], days=365)
    new = secret_of(browser.post(f"/console/keys/{old.id}/replace", data={"overlap_hours": "24"}))
    assert [works(guarded, one) for one in (secret.text, new)] == [200, 200]
    again = browser.post(f"/console/keys/{old.id}/replace", data={"overlap_hours": "24"})
    assert again.status_code == 409
    assert "was replaced by" in main_of(again).one(id="refused").text
    assert "soon" in main_of(browser.get("/console/keys")).text
    assert "revoked" in said(browser, browser.post(f"/console/keys/{old.id}/revoke"))
    page = main_of(browser.get(f"/console/keys/{old.id}"))
    assert page.all("form") == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"days": "31"}, "days"),
        ({"days": "many"}, "days"),
        ({"limited": "true", "scopes": ["users:admin"]}, "scopes"),
        ({"limited": "true"}, "scopes"),
    ],
)
def test_a_key_that_is_not_accepted_is_refused_at_the_field(
    browser: LocalClient, changed: dict[str, str | list[str]], field: str
) -> None:
    answer = browser.post("/console/keys/new", data={"name": "nightly", "days": "30", **changed})
    assert answer.status_code == 422
    assert refused_at(answer, field)
    assert "oh_" not in main_of(answer).text


def test_a_key_that_ends_soon_is_marked(guarded: Guarded, browser: LocalClient, ada: User) -> None:
    guarded.accounts.keys.make(ada.id, "lasting")
    assert main_of(browser.get("/console/keys")).all("strong", **{"class": "soon"}) == []
    guarded.accounts.run("UPDATE token SET expires_at = now() + interval '13 days' WHERE kind = 'key'")
    assert len(main_of(browser.get("/console/keys")).all("strong", **{"class": "soon"})) == 1


def test_administrators_see_and_make_keys_of_everybody_others_only_their_own(
    guarded: Guarded, admin: LocalClient, browser: LocalClient, ada: User, root: User
) -> None:
    theirs, _ = guarded.accounts.keys.make(root.id, "of root")
    assert browser.get(f"/console/keys/{theirs.id}").status_code == 404
    assert browser.post(f"/console/keys/{theirs.id}/revoke").status_code == 404
    assert browser.get("/console/keys?user_id=all").status_code == 403
    form = {"name": "for ada", "days": "30", "user_id": ada.id}
    assert works(guarded, secret_of(admin.post("/console/keys/new", data=form))) == 200
    text = main_of(admin.get("/console/keys?user_id=all")).text
    assert "of root" in text
    assert "for ada" in text
    assert "of root" not in main_of(browser.get("/console/keys")).text
    assert browser.post("/console/keys/new", data={**form, "user_id": root.id}).status_code == 403


def test_the_account_says_who_one_is_and_what_one_may(browser: LocalClient) -> None:
    text = main_of(browser.get("/console/account")).text
    for words in ("ada", "Operator: also runs reports", "by logging in", "Run reports"):
        assert words in text
    assert "Manage users" not in text


def test_an_address_of_e_mail_is_changed(guarded: Guarded, browser: LocalClient, ada: User) -> None:
    answer = browser.post("/console/account/email", data={"email": " ada@example.com "})
    assert said(browser, answer) == "The change was saved."
    assert guarded.accounts.users.get(ada.id).email == "ada@example.com"
    wrong = browser.post("/console/account/email", data={"email": "no address"})
    assert refused_at(wrong, "email")
    assert main_of(wrong).one("input", name="email")["value"] == "no address"


def test_64_a_password_is_changed_and_the_browser_stays_in(guarded: Guarded, browser: LocalClient, ada: User) -> None:
    guarded.browser(ada)
    before = browser.cookies["openhours"]
    wrong = browser.post(
        "/console/account/password", data={"current_password": "not it at all", "password": NEW_PASSWORD}
    )
    assert wrong.status_code == 422
    assert refused_at(wrong, "current_password")
    assert NEW_PASSWORD not in wrong.text
    weak = browser.post("/console/account/password", data={"current_password": PASSWORD, "password": "short"})
    assert "5 characters" in main_of(weak).one(id="refused").text
    changed = browser.post("/console/account/password", data={"current_password": PASSWORD, "password": NEW_PASSWORD})
    assert "password was changed" in said(browser, changed)
    assert browser.cookies["openhours"] != before
    assert {"HttpOnly", "SameSite=lax"} <= {part.strip() for part in changed.headers["set-cookie"].split(";")}
    assert len(guarded.accounts.sessions.list(ada.id)) == 1
    assert browser.get("/console/account").status_code == 200


def test_a_second_factor_is_set_up_confirmed_and_taken_away(guarded: Guarded, browser: LocalClient, ada: User) -> None:
    path = "/console/account/second-factor"
    assert refused_at(browser.post(path, data={"current_password": "not it at all"}), "current_password")
    begun = browser.post(path, data={"current_password": PASSWORD})
    secret = "".join(span.text for span in main_of(begun).one("code").all("span"))
    address = next(link["href"] for link in main_of(begun).all("a") if link["href"].startswith("otpauth:"))
    assert begun.headers["cache-control"] == "no-store"
    assert pyotp.parse_uri(address).secret == secret
    assert reading(main_of(begun).one("div", class_="qr")) == address
    has_no_script_or_style_within(read(begun.text))
    app, before = pyotp.TOTP(secret), browser.cookies["openhours"]

    wrong = browser.post(f"{path}/confirm", data={"code": "x"})
    assert (wrong.status_code, secret in wrong.text, main_of(wrong).all("svg")) == (422, False, [])
    assert refused_at(wrong, "code")
    confirmed = browser.post(f"{path}/confirm", data={"code": f"{app.now()[:3]} {app.now()[3:]}"})
    assert confirmed.headers["cache-control"] == "no-store"
    codes = [item.text for item in main_of(confirmed).one("ul").all("li")]
    assert len(set(codes)) == 10
    assert browser.cookies["openhours"] != before
    assert "code from your authenticator app" in main_of(browser.get("/console/account")).text

    with guarded.accounts.resources.engine.begin() as connection:  # the code of now counts once more
        connection.execute(update(second_factor).values(last_step=second_factor.c.last_step - 3))
    form = {"name": "ada", "password": PASSWORD}
    assert guarded.browser().post("/login", data=form).status_code == 401
    assert guarded.browser().post("/login", data={**form, "code": codes[0]}).status_code == 303
    moved = {"current_password": PASSWORD, "code": "000000x"}
    assert main_of(browser.get(path, params={"again": "1"})).one("input", name="code")
    assert "code" in refused_at(browser.post(path, data=moved), "code")
    assert browser.post(path, data={**moved, "code": f" {codes[2]}"}).status_code == 200
    assert "code" in refused_at(
        browser.post(f"{path}/remove", data={"current_password": PASSWORD, "code": "000000x"}), "code"
    )
    removed = browser.post(f"{path}/remove", data={"current_password": PASSWORD, "code": codes[1]})
    assert said(browser, removed) == "It was removed."
    assert guarded.browser().post("/login", data=form).status_code == 303


def test_an_administrator_takes_a_second_factor_away(guarded: Guarded, admin: LocalClient, ada: User) -> None:
    browser = guarded.browser(ada)
    begun = browser.post("/me/second-factor", json={"current_password": PASSWORD}).json()
    browser.post("/me/second-factor/confirm", json={"code": pyotp.TOTP(begun["secret"]).now()})
    assert said(admin, admin.post(f"/console/users/{ada.id}/second-factor")) == "It was removed."
    assert guarded.browser().post("/login", data={"name": "ada", "password": PASSWORD}).status_code == 303


def test_sessions_are_listed_and_ended(guarded: Guarded, browser: LocalClient, ada: User) -> None:
    for _ in range(2):
        guarded.browser(ada)
    rows = main_of(browser.get("/console/sessions")).one("tbody").all("tr")
    assert len(rows) == 3
    assert sum("(this one)" in row.text for row in rows) == 1
    end = next(form["action"] for row in rows for form in row.all("form") if form["action"] != "/logout")
    assert said(browser, browser.post(end)) == "The session was ended."
    assert len(guarded.accounts.sessions.list(ada.id)) == 2
    assert browser.post(end).status_code == 404
    assert "All other sessions" in said(browser, browser.post("/console/sessions/end-others"))
    assert len(guarded.accounts.sessions.list(ada.id)) == 1
    assert browser.get("/console/sessions").status_code == 200


def test_the_audit_is_filtered_paged_and_downloaded(guarded: Guarded, admin: LocalClient, ada: User) -> None:
    for name in ("first", "second", "third"):
        guarded.accounts.keys.make(ada.id, name)
    page = main_of(admin.get("/console/audit", params={"action": "key.make", "limit": "2"}))
    assert [name in page.one("tbody").text for name in ("third", "second", "first")] == [True, True, False]
    further = main_of(admin.get(page.one("a", rel="next")["href"]))
    assert "first" in further.one("tbody").text
    assert len(further.one("tbody").all("tr")) == 1
    link = next(one["href"] for one in page.all("a") if "format=csv" in one["href"])
    file = admin.get(link)
    assert file.headers["content-type"].startswith("text/csv")
    assert len(file.text.splitlines()) == 4
    assert "No row fits" in main_of(admin.get("/console/audit?actor=nobody")).text
    assert f"/console/users/{ada.id}" in [
        link["href"] for link in main_of(admin.get("/console/audit?action=user.add")).all("a")
    ]


def test_every_way_to_come_in_has_words_in_the_audit(guarded: Guarded, admin: LocalClient) -> None:
    assert WAYS.keys() == {*get_args(Via)}
    with guarded.accounts.resources.engine.begin() as connection:
        for way in get_args(Via):
            record(connection, "rule.run", who=Principal(name=f"who-{way}", via=way, scopes=frozenset()))
    for language, by_rule in (("en", "by a rule"), ("de", "durch eine Regel")):
        page = admin.get("/console/audit?action=rule.run", headers={"accept-language": language})
        assert page.status_code == 200
        told = {row.one("td", class_="who").one("a").text: row.text for row in main_of(page).one("tbody").all("tr")}
        assert told.keys() == {f"who-{way}" for way in get_args(Via)}
        assert by_rule in told["who-rule"]


def test_times_of_the_audit_are_typed_as_people_do_and_the_address_is_exact(admin: LocalClient) -> None:
    typed = admin.get("/console/audit", params={"from": "2026-12-01 09:00", "to": "2027-01-01", "actor": "root"})
    assert typed.status_code == 303
    exact = typed.headers["location"]
    assert exact == "/console/audit?actor=root&from=2026-12-01T09%3A00%3A00Z&to=2027-01-01T00%3A00%3A00Z"
    assert admin.get(exact).status_code == 200
    assert admin.get(exact, headers={"accept": "application/json"}).json()["entries"] == []
    wrong = admin.get("/console/audit", params={"from": "yesterday"})
    assert wrong.status_code == 422
    assert "instant" in refused_at(wrong, "from")


def test_in_local_mode_pages_say_how_to_have_users_and_work(local: LocalClient) -> None:
    for path in ("/console/users", "/console/keys", "/console/keys/new", "/console/account", "/console/sessions"):
        answer = local.get(path)
        assert answer.status_code == 200, answer.text
        assert "OPENHOURS_AUTH=on" in main_of(answer).text
    assert local.get("/console/account/second-factor").status_code == 200
    assert "no user yet" in main_of(local.get("/console/users")).text
    assert "no user yet" in main_of(local.get("/console/keys/new")).text
    added = local.post("/console/users/new", data={"name": "robot", "role": "operator", "kind": "service"})
    user_id = added.headers["location"].partition("?")[0].rpartition("/")[2]
    form = {"name": "nightly", "days": "30", "user_id": user_id}
    assert secret_of(local.post("/console/keys/new", data=form)).startswith("oh_")
    assert "nightly" in main_of(local.get("/console/keys")).text
    email = local.post("/console/account/email", data={"email": "a@example.com"})
    assert email.status_code == 403
    assert "not a user of this service" in main_of(email).text


def test_a_page_of_another_site_makes_no_key(browser: LocalClient, guarded: Guarded, ada: User) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert browser.post("/console/keys/new", data={"name": "x", "days": "30"}, headers=foreign).status_code == 403
    assert guarded.accounts.keys.list(limit=10, owner=ada.id).items == []


@pytest.mark.parametrize("name", HOSTILE)
def test_71_names_are_shown_as_text_on_every_page(guarded: Guarded, admin: LocalClient, name: str) -> None:
    user = guarded.accounts.person(name, Role.ADMIN)
    key, _ = guarded.accounts.keys.make(user.id, name)
    hostile = guarded.browser(user)
    pages = [
        *(admin.get(f"/console/{path}") for path in ("users", f"users/{user.id}", "keys?user_id=all", "keys/new")),
        *(admin.get(f"/console/{path}") for path in (f"keys/{key.id}", f"keys?user_id={user.id}", "audit")),
        *(hostile.get(f"/console/{path}") for path in ("account", "keys", "sessions")),
        admin.post(f"/console/users/{user.id}/link"),
        hostile.post(f"/console/keys/{key.id}/replace", data={"overlap_hours": "0"}),
        admin.post("/console/users/new", data={"name": name, "role": name, "email": name, "kind": "person"}),
        admin.post("/console/keys/new", data={"name": f" {name}", "days": name, "scopes": name, "limited": "true"}),
        admin.get("/console/audit", params={"actor": name}),
        admin.get("/console/audit", params={"from": name, "outcome": name}),
    ]
    for answer in pages:
        assert answer.status_code in {200, 409, 422}, answer.text
        document = read(answer.text)
        has_no_script_or_style_within(document)
        assert document.all("img") == []
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert [name in page.text for page in map(main_of, pages[:3])] == [True] * 3
    assert {element.text for element in main_of(pages[0]).all("bdi")} >= {name}


def test_71_the_name_of_a_browser_is_shown_as_text(guarded: Guarded, ada: User) -> None:
    browser = guarded.browser(ada)
    guarded.accounts.sessions.begin(ada.id, None, HOSTILE[0])
    document = read(browser.get("/console/sessions").text)
    assert document.all("img") == []
    assert HOSTILE[0] in document.one("main").text


def test_what_is_shown_once_is_written_down_nowhere(
    guarded: Guarded, admin: LocalClient, browser: LocalClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    key = secret_of(browser.post("/console/keys/new", data={"name": "nightly", "days": "30"}))
    link = secret_of(admin.post("/console/users/new", data={"name": "bob", "role": "viewer", "kind": "person"}))
    begun = browser.post("/console/account/second-factor", data={"current_password": PASSWORD})
    factor = secret_of(begun)
    drawn = main_of(begun).one("div", class_="qr").all("path")[1]["d"]
    browser.post("/console/account/password", data={"current_password": PASSWORD, "password": NEW_PASSWORD})
    tables = ("app_user", "token", "audit", "second_factor")
    stored = repr([guarded.accounts.rows(f"SELECT t::text FROM {name} t") for name in tables])
    for secret in (key, link.partition("#")[2], PASSWORD, NEW_PASSWORD, factor, drawn):
        assert secret not in stored
        assert secret not in caplog.text
