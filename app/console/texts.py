"""The words of pages in the language of whoever reads them, and how that language writes dates and numbers.

English stands in the templates and is what the others are translated from; ``locale/`` has one catalogue per language
(gettext's .po, by Babel). What the API answers, such as the reason of a refusal, is English everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from babel.core import negotiate_locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta, get_timezone
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import NullTranslations, Translations
from markupsafe import Markup

CATALOGUES: Final = Path(__file__).parent / "locale"

#: Languages of pages, the first one where a browser asks for none of them.
LANGUAGES: Final = ("en", "de")

#: Whose dates and numbers a language has where a browser names no country.
_COUNTRIES: Final = {"en": "en_US", "de": "de_DE"}

#: The cookie of a choice.
COOKIE: Final = "openhours_language"

#: What stands where there is nothing.
NOTHING: Final = Markup("–")  # noqa: RUF001 - a dash


@dataclass(frozen=True, slots=True)
class Texts:
    """The words and forms of one language.

    Attributes:
        language: one of ``LANGUAGES``.
        locale: Babel's.
        translations: of the catalogue.
    """

    language: str
    locale: Locale
    translations: NullTranslations

    def __call__(self, message: str, /, **values: Any) -> str:
        """A text of the catalogue; named values are put in its places ``%(name)s``."""
        found = self.translations.ugettext(message)
        return found % values if values else found

    def counted(self, one: str, many: str, count: int, /, **values: Any) -> str:
        """A text that depends on a number, which is ``%(count)s`` in it."""
        found = self.translations.ungettext(one, many, count)
        return found % {"count": self.number(count), **values}

    def number(self, value: float | str | None, *, digits: int | None = None) -> str:
        """A number, with at most that many digits after the point; a dash for None."""
        if value is None:
            return NOTHING
        pattern = None if digits is None else "#,##0." + "0" * digits if digits else "#,##0"
        return format_decimal(value, format=pattern, locale=self.locale)

    def share(self, value: float | None, *, digits: int = 0) -> str:
        """A number from 0 to 1 as per cent; a dash for None."""
        if value is None:
            return NOTHING
        pattern = str(self.locale.percent_formats[None].pattern).replace(
            "#,##0", "#,##0" + "." * bool(digits) + "0" * digits
        )
        return format_percent(value, format=pattern, locale=self.locale)

    def bytes(self, value: int | None) -> str:
        """A size in bytes, KiB, MiB or GiB; a dash for None."""
        if value is None:
            return NOTHING
        if value < 1024:
            return self.counted("%(count)s byte", "%(count)s bytes", value)
        unit, size = "", float(value)
        for larger in ("KiB", "MiB", "GiB", "TiB"):
            if size < 1024:
                break
            unit, size = larger, size / 1024
        return f"{self.number(round(size, 1))} {unit}"

    def instant(self, value: datetime | str | None, zone: str = "UTC") -> Markup:
        """An instant on the clock of a zone, as an element that programs read, too; a dash for None."""
        if value is None:
            return NOTHING
        instant = _read(value)
        local = instant.astimezone(get_timezone(zone))
        shown = f"{format_date(local, 'medium', locale=self.locale)}, {format_time(local, 'short', locale=self.locale)}"
        said = zone if zone == "UTC" else f"{zone} ({local:%z})"
        return Markup('<time datetime="{}">{} {}</time>').format(_exact(instant), shown, said)

    def clock(self, value: datetime | str, zone: str = "UTC") -> Markup:
        """What the clock of a zone shows at an instant, without the date, as an element that programs read, too."""
        instant = _read(value)
        shown = format_time(instant.astimezone(get_timezone(zone)), "short", locale=self.locale)
        return Markup('<time datetime="{}">{}</time>').format(_exact(instant), shown)

    def day(self, value: date | str | None) -> str:
        """A date; a dash for None."""
        if value is None:
            return NOTHING
        return format_date(date.fromisoformat(value[:10]) if isinstance(value, str) else value, "medium", self.locale)

    def ago(self, value: datetime | str | None) -> Markup:
        """How long ago an instant was, or how long until it is; the instant itself is there to be pointed at."""
        if value is None:
            return NOTHING
        instant = _read(value)
        shown = format_timedelta(instant - datetime.now(UTC), add_direction=True, locale=self.locale)
        title = format_datetime(instant, "medium", tzinfo=UTC, locale=self.locale)
        return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(_exact(instant), title, shown)

    def took(self, between: tuple[str | None, str | None]) -> str:
        """How long it was from one instant to another, in seconds or minutes; a dash if either is None."""
        begin, end = between
        if begin is None or end is None:
            return NOTHING
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
        return f"{self.number(round(seconds, 1))} s" if seconds < 90 else f"{self.number(round(seconds / 60, 1))} min"

    def lasting(self, seconds: float | None) -> str:
        """A length of time in hours and minutes, or in seconds if it is shorter than a minute; a dash for None."""
        if seconds is None:
            return NOTHING
        if 0 < seconds < 60:
            return f"{self.number(round(seconds, 1))} s"
        hours, minutes = divmod(round(seconds / 60), 60)
        return f"{self.number(hours)} h {minutes:02} min" if hours else f"{minutes} min"

    def weekdays(self) -> list[str]:
        """The names of the days of the week, Monday first."""
        names: Mapping[int, str] = self.locale.days["stand-alone"]["wide"]
        return [names[day] for day in range(7)]

    def week(self) -> list[int]:
        """The days of the week, 0 for Monday, in the order of the language's calendars."""
        first = self.locale.first_week_day
        return [(first + day) % 7 for day in range(7)]


def _read(value: datetime | str) -> datetime:
    """An instant, as it is or as the API writes it."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _exact(instant: datetime) -> str:
    """An instant for programs."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=256)
def texts_in(language: str, accepted: str | None = None) -> Texts:
    """The texts of a language of ``LANGUAGES``, with the dates and numbers of the country that a browser asks for."""
    return Texts(language, _locale(language, accepted), _translations(language))


def language_for(chosen: str | None, accepted: str | None) -> str:
    """The language of a page: the one that was chosen, otherwise the first that the browser accepts and we have."""
    if chosen in LANGUAGES:
        return str(chosen)
    return negotiate_locale(_wanted(accepted), LANGUAGES, sep="-") or LANGUAGES[0]


def _wanted(accepted: str | None) -> list[str]:
    """The languages of ``Accept-Language``, in their order, which is that of their weights in all browsers."""
    tags = [part.partition(";")[0].strip() for part in (accepted or "").split(",")]
    return [tag for tag in tags if tag][:20]


def _locale(language: str, accepted: str | None) -> Locale:
    for tag in _wanted(accepted):
        if tag.lower().startswith(language + "-"):
            try:
                return Locale.parse(tag, sep="-")
            except (ValueError, UnknownLocaleError):
                continue
    return Locale.parse(_COUNTRIES[language])


@cache
def _translations(language: str) -> NullTranslations:
    path = CATALOGUES / f"{language}.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)
