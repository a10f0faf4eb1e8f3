"""Pages of who has not come in yet: their frame, their languages, what they say when something is refused."""

import pytest
from httpx import Response

from app.access.scopes import Role
from app.console.doors import WRONG
from app.storage.resources import Resources
from tests.access.services import PASSWORD
from tests.console.conftest import Guarded
from tests.console.html import Element, has_no_script_or_style_within, labels_its_fields, read
from tests.local_client import LocalClient

DOORS = ["/login", "/setup", "/reset", "/invite"]

GERMAN = {"accept-language": "de-AT,de;q=0.9"}


def log_in(client: LocalClient, name: str, password: str = PASSWORD, **more: str) -> Response:
    return client.post("/login", data={"name": name, "password": password, **more})


def refusal(answer: Response) -> Element:
    return read(answer.text).one(id="refused")


@pytest.mark.parametrize("path", DOORS)
def test_a_door_has_the_frame_without_what_needs_a_login(guarded: Guarded, path: str) -> None:
    answer = guarded.browser().get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    document = read(answer.text)
    assert document.one("html")["lang"] == "en"
    assert document.one("h1").text
    assert document.all("nav") == []
    assert [form["action"] for form in document.all("form")] == [
        path.replace("invite", "reset"),
        "/console/language",
    ]
    has_no_script_or_style_within(document)
    labels_its_fields(document)
    for element in [*document.all("script"), *document.all("link")]:
        address = element.attributes.get("src") or element["href"]
        assert guarded.browser().get(address).status_code == 200


@pytest.mark.parametrize("path", DOORS)
def test_a_door_is_in_the_language_of_the_browser(guarded: Guarded, path: str) -> None:
    assert read(guarded.browser().get(path, headers=GERMAN).text).one("html")["lang"] == "de"


def test_who_is_not_in_yet_chooses_a_language_and_comes_back(guarded: Guarded) -> None:
    browser = guarded.browser()
    form = read(browser.get("/login?next=/docs").text).one("form", action="/console/language")
    here = form.one("input", name="next")["value"]
    answer = browser.post("/console/language", data={"language": "de", "next": here})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fdocs")
    document = read(browser.get(here).text)
    assert document.one("html")["lang"] == "de"
    assert document.one("form", action="/login").one("input", name="next")["value"] == "/docs"


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "/login\\@evil.example", "https://evil.example/login", "/loginx", "/reports", "/\n"]
)
def test_66_the_choice_of_a_language_leads_to_pages_of_ours_alone(guarded: Guarded, elsewhere: str) -> None:
    answer = guarded.browser().post("/console/language", data={"language": "de", "next": elsewhere})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")


def test_66_below_the_path_of_a_proxy_a_choice_leads_back_below_it(kept: Resources, guarded: Guarded) -> None:
    browser = Guarded(kept, root_path="/openhours").browser()
    for address, expected in (("/openhours/login", "/openhours/login"), ("/login", "/openhours/console")):
        answer = browser.post("/console/language", data={"language": "de", "next": address})
        assert answer.headers["location"] == expected


@pytest.mark.parametrize(
    ("path", "sent", "missing"),
    [
        ("/login", {"name": "ada"}, "password"),
        ("/login", {"password": PASSWORD}, "name"),
        ("/setup", {"name": "ada"}, "password"),
        ("/reset", {"name": "ada"}, "code"),
    ],
)
def test_a_form_that_lacks_a_field_is_shown_again(
    kept: Resources, guarded: Guarded, path: str, sent: dict[str, str], missing: str
) -> None:
    answer = guarded.browser().post(path, data=sent)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert f"{missing}: is missing" in refusal(answer).text
    assert PASSWORD not in answer.text


def test_66_a_link_to_the_login_leads_to_the_console(guarded: Guarded) -> None:
    guarded.accounts.person("ada")
    browser = guarded.browser()
    assert log_in(browser, "ada", next="//evil.example").headers["location"] == "/console"
    assert browser.get("/console").status_code == 200


def test_every_wrong_login_has_one_sentence(guarded: Guarded) -> None:
    guarded.accounts.person("ada")
    guarded.accounts.users.disable(guarded.accounts.person("gone").id)
    for name, password in (("ada", "a wrong password"), ("nobody", PASSWORD), ("gone", PASSWORD)):
        answer = log_in(guarded.browser(), name, password)
        assert answer.status_code == 401
        assert refusal(answer).text == WRONG
        document = read(answer.text)
        assert document.one("input", name="name")["value"] == name
        assert document.one("input", name="password")["value"] == ""


def test_after_too_many_attempts_the_page_says_for_how_many_minutes(guarded: Guarded) -> None:
    guarded.accounts.person("ada")
    answers = [log_in(guarded.browser(), "ada", "a wrong password") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "900"
    assert "Try again in 15 minutes" in refusal(answers[-1]).text


def test_what_is_refused_stands_at_its_field(guarded: Guarded) -> None:
    secret = guarded.accounts.codes.setup()
    assert secret is not None
    form = {"code": secret.text, "name": " ada", "password": PASSWORD}
    answer = guarded.browser().post("/setup", data=form)
    assert answer.status_code == 422
    field = read(answer.text).one("input", name="name")
    assert (field["value"], field["aria-invalid"]) == (" ada", "true")
    assert "no space at its ends" in read(answer.text).one(id="error-name").text
    assert PASSWORD not in answer.text
    assert secret.text not in answer.text


def test_who_must_set_up_a_second_factor_first_is_led_there(kept: Resources, guarded: Guarded) -> None:
    strict = Guarded(kept, second_factor_roles="admin")
    strict.accounts.person("root", Role.ADMIN)
    browser = strict.browser()
    answer = log_in(browser, "root", next="/console/users")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/account/second-factor")
    assert browser.get(answer.headers["location"]).status_code == 200
    assert "needs a second factor" in read(browser.get("/console/account").text).one("main").text


@pytest.mark.parametrize("path", ["/invite", "/reset"])
def test_after_a_password_was_set_by_a_link_the_login_says_so(guarded: Guarded, path: str) -> None:
    has_password = path == "/reset"
    bob = guarded.accounts.person("bob") if has_password else guarded.accounts.users.add("bob", role=Role.VIEWER)
    link = guarded.accounts.codes.link(bob.id)
    assert link.purpose == path.strip("/")
    browser = guarded.browser()
    code, password = link.secret.text, "eleven green kettles"
    form = read(browser.get(path).text).one("form", action="/reset")
    answer = browser.post(form["action"], data={"code": code, "password": password})
    assert answer.status_code == 303
    said = {
        language: read(browser.get(answer.headers["location"], headers={"accept-language": language}).text)
        for language in ("en", "de")
    }
    assert said["en"].one("p", role="status").text == "Your password was set. Log in with it."
    assert said["de"].one("p", role="status").text == "Ihr Passwort wurde gesetzt. Melden Sie sich damit an."
    assert log_in(browser, "bob", password).headers["location"] == "/console"


def test_a_link_to_the_login_has_it_say_nothing_else(guarded: Guarded) -> None:
    assert read(guarded.browser().get("/login").text).all("p", role="status") == []
    assert guarded.browser().get("/login?said=disabled").status_code == 422


def test_in_local_mode_the_login_says_that_nobody_needs_it(local: LocalClient) -> None:
    document = read(local.get("/login").text)
    assert "Nobody has to log in here" in document.one("main").text
    assert document.one("main").one("p", **{"class": "said"}).one("a")["href"] == "/console"
