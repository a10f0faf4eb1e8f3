"""A request for a page: who asks in which language, what the API says, and the page that comes of it."""

from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.datastructures import FormData

from app.access.principal import Principal
from app.access.scopes import Scope, roles_with
from app.console.access_words import SHORT_ROLES
from app.console.api_words import sentence, told, with_code
from app.console.asking import Api, Refused
from app.console.navigation import ENTRIES, Entry
from app.console.said import SAID
from app.console.static_files import address_of
from app.console.texts import COOKIE, LANGUAGES, Texts, language_for, texts_in
from app.routers.needed import Needed

#: Pages of who has not come in yet; what they do is in app/routers/access.
DOORS: Final = frozenset({"/login", "/setup", "/reset", "/invite"})

TEMPLATES: Final = Path(__file__).parent / "templates"

#: Methods of Texts that templates have as filters.
FORMS: Final = ("number", "share", "bytes", "instant", "clock", "day", "ago", "took", "lasting")

#: Fields of a form, at most.
MOST_FIELDS: Final = 1000


class View:
    """One request, as a page sees it.

    Attributes:
        request: FastAPI's.
        api: asks routes of the API.
        who: whoever asks.
        texts: their words.
        address: path of the page, without the path of a proxy.
    """

    def __init__(self, request: Request, who: Principal, needed: Needed) -> None:
        self.request, self.who = request, who
        self.api = Api(request, needed)
        chosen, accepted = request.cookies.get(COOKIE), request.headers.get("accept-language")
        self.texts: Texts = texts_in(language_for(chosen, accepted), accepted)
        self.root: str = request.scope["root_path"]
        self.address: str = request.scope["path"].removeprefix(self.root)

    def __getitem__(self, name: str) -> str:
        """A part of the path, by its name in the route."""
        return str(self.request.path_params[name])

    def asked(self, name: str, default: str = "") -> str:
        """A parameter of the query."""
        return self.request.query_params.get(name, default).strip()

    async def form(self, *, files: int = 0) -> FormData:
        """The fields of the form that was sent, with that many files at most."""
        return await self.request.form(max_fields=MOST_FIELDS, max_files=files)

    def may(self, scope: Scope | str | None) -> bool:
        """Whether whoever asks has a scope."""
        return scope is None or scope in self.who.scopes

    def link(self, path: str, **query: Any) -> str:
        """An address of this service, with what of a query is neither None nor empty."""
        pairs = [(name, value) for name, value in query.items() if value is not None and value != ""]
        return self.root + path + (f"?{urlencode(pairs)}" if pairs else "")

    def same(self, **query: Any) -> str:
        """The address of this page with some parameters changed; None takes one away."""
        return self.link(self.address, **{**self.request.query_params, "said": None, **query})

    def render(
        self, template: str, *, refusal: Refused | None = None, http_status: int | None = None, **values: Any
    ) -> HTMLResponse:
        """A page, from ``templates/<template>.html.jinja``.

        Args:
            template: its name.
            refusal: of what a form has asked for; the page has its status, and what is said of single fields as
                ``errors``.
            http_status: another one.
            values: for the template.
        """
        page = _environment(self.texts.language).get_template(f"{template}.html.jinja")
        said = SAID.get(self.asked("said"))
        common = {
            "view": self,
            "own_role": "" if self.who.role is None else self.texts(SHORT_ROLES[self.who.role]),
            "here": self.same() if self.request.method == "GET" else self.link("/console"),
            "texts": self.texts,
            "entries": self._entries(),
            "said": said and self.texts(said),
            "languages": LANGUAGES,
            "refusal": refusal,
            "errors": {} if refusal is None else refusal.errors,
        }
        text = page.render({**common, **values})
        status = http_status or (HTTPStatus.OK if refusal is None else refusal.status)
        return HTMLResponse(text, status, {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language, Cookie"})

    def to(self, path: str, *, said: str | None = None, **query: Any) -> RedirectResponse:
        """Lead on after something was done; ``said`` is a code of ``said.py``, told on the next page."""
        if said is not None and said not in SAID:
            raise LookupError(f"{said} is not in said.py")
        return _led_on(self.link(path, **query, said=said).removeprefix(self.root))

    def back(self, address: str) -> RedirectResponse:
        """Lead back to a page whose address a form has sent; to the overview if it is none of ours."""
        home = self.root + "/console"
        is_page = (address + "/").startswith((home + "/", home + "?"))
        is_door = address.partition("?")[0] in {self.root + door for door in DOORS}
        is_ours = address.isprintable() and "\\" not in address and (is_page or is_door)
        return _led_on((address if is_ours else home).removeprefix(self.root))

    def titled(self, titles: Mapping[str, str]) -> dict[str, str]:
        """Titles of fields by their names, in the language of the page."""
        return {name: self.texts(title) for name, title in titles.items()}

    def refused(self, refusal: Refused) -> HTMLResponse:
        """The page of a refusal: what was refused, why, and what to do."""
        answer = self.render("refused", refusal=refusal)
        for name in ("retry-after", "www-authenticate"):
            if name in refusal.headers:
                answer.headers[name] = refusal.headers[name]
        return answer

    def _entries(self) -> list[tuple[Entry, bool]]:
        """The menu, and whether each entry is where this page is."""
        return [(entry, entry.is_at(self.address)) for entry in ENTRIES]


@cache
def _environment(language: str) -> Environment:
    """Templates in a language; dates and numbers are those of the request's country."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(texts_in(language).translations, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {name: _of_texts(name) for name in FORMS}
    environment.filters |= {"pair": lambda value: (value, value), "path": quote}
    environment.filters |= {"code": with_code, "sentence": sentence}
    environment.globals |= {"static": address_of, "roles_with": _roles, "Scope": Scope, "api_text": told}
    return environment


def _led_on(path: str) -> RedirectResponse:
    """To a path of ours; what a proxy puts before it is added to every answer."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def _of_texts(name: str) -> Callable[..., Any]:
    @pass_context
    def form(context: Context, value: Any, *given: Any, **named: Any) -> Any:
        return getattr(context["view"].texts, name)(value, *given, **named)

    return form


@pass_context
def _roles(context: Context, scope: str) -> str:
    return ", ".join(context["view"].texts(SHORT_ROLES[role]) for role in roles_with(Scope(scope)))


def fields_of(form: FormData) -> Mapping[str, str]:
    """The fields of a form as texts; of several with one name, the last."""
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}
