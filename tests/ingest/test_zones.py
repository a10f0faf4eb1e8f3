"""What is said of a name that is no zone, and zones to choose from."""

import pytest

from app.ingest import values, zones


def told(text: str) -> str:
    with pytest.raises(values.Wrong) as caught:
        values.zone(text)
    first, _, hint = str(caught.value).partition("; ")
    assert first == "is not a zone of the IANA time zone database such as America/Chicago"
    return hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Germany", "zones of Germany: Europe/Berlin, Europe/Busingen"),
        ("GERMANY", "zones of Germany: Europe/Berlin, Europe/Busingen"),
        ("DE", "zones of Germany: Europe/Berlin, Europe/Busingen"),
        ("de", "zones of Germany: Europe/Berlin, Europe/Busingen"),
        (" in ", "zones of India: Asia/Kolkata"),
        ("UK", "zones of Britain (UK): Europe/London"),
        ("Britain", "zones of Britain (UK): Europe/London"),
        ("united kingdom", "zones of Britain (UK): Europe/London"),
        ("South Korea", "zones of Korea (South): Asia/Seoul"),
        ("Korea", "zones of Korea (North): Asia/Pyongyang; zones of Korea (South): Asia/Seoul"),
        ("Trinidad and Tobago", "zones of Trinidad & Tobago: America/Port_of_Spain"),
        ("poland", "zones of Poland: Europe/Warsaw"),  # "Poland" is a zone, by an old name
    ],
)
def test_a_country_is_told_with_its_zones(text: str, hint: str) -> None:
    assert told(text) == hint


@pytest.mark.parametrize("text", ["US", "usa", "United States"])
def test_of_very_many_zones_those_are_named_whose_clocks_differ(text: str) -> None:
    assert told(text) == (
        "zones of United States: America/New_York, America/Chicago, America/Denver, America/Phoenix, "
        "America/Los_Angeles, America/Anchorage, America/Adak, Pacific/Honolulu and 21 more"
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("PST", "PST may mean America/Los_Angeles, America/Vancouver, America/Tijuana or Asia/Manila"),
        (
            "cst",
            (
                "cst may mean America/Chicago, America/Winnipeg, America/Mexico_City, Asia/Shanghai, Asia/Macau, "
                "Asia/Taipei or America/Havana"
            ),
        ),
        ("IST", "IST may mean Europe/Dublin, Asia/Jerusalem or Asia/Kolkata"),
        ("BST", "BST may mean Europe/London, Europe/Guernsey or Europe/Isle_of_Man"),
        ("AEST", "AEST may mean Australia/Hobart, Australia/Melbourne or Australia/Sydney"),
        ("JST", "JST may mean Asia/Tokyo"),
    ],
)
def test_an_abbreviation_is_told_with_the_cities_that_it_may_mean(text: str, hint: str) -> None:
    assert told(text) == hint


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Eastern Standard Time", "America/New_York"),  # of Windows
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("(UTC-06:00) Central Time (US & Canada)", "America/Chicago"),  # as Windows shows it
        ("Pacific Time (US & Canada)", "America/Los_Angeles"),  # of Ruby on Rails
        ("(GMT-07:00) Mountain Time (US & Canada)", "America/Denver"),
        ("(GMT+01:00) Berlin", "Europe/Berlin"),
        ("eastern daylight time", "America/New_York"),
    ],
)
def test_a_name_of_another_system_is_told_with_its_zone(text: str, zone: str) -> None:
    assert told(text) == f"did you mean {zone}?"


@pytest.mark.parametrize("text", ["time", "Standard Time", "UTC-99"])
def test_what_names_no_zone_of_another_system_is_not_taken_for_one(text: str) -> None:
    assert told(text) == ""


@pytest.mark.parametrize("text", ["SGT", "ESTT", "UTX", "XST"])
def test_an_unknown_abbreviation_is_not_taken_for_another(text: str) -> None:
    assert told(text) == ""


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("GMT+1", "Etc/GMT-1"),
        ("UTC-11", "Etc/GMT+11"),
        ("UTC+13", "Etc/GMT-13"),
        ("-05:00", "Etc/GMT+5"),
        ("(UTC+02:00)", "Etc/GMT-2"),
        ("UTC+5:30", None),
    ],
)
def test_an_offset_is_told_with_what_to_write(text: str, fixed: str | None) -> None:
    otherwise = "" if fixed is None else f", or {fixed} for a clock that never changes"
    name = "name a place such as Europe/Berlin"
    assert told(text) == f"an offset does not say when the clocks change: {name}{otherwise}"


@pytest.mark.parametrize("text", ["PST", "CST", "IST", "EDT", "BST", "CEST", "WIB", "MSK", "JST", "KST"])
def test_what_is_suggested_is_a_zone(text: str) -> None:
    names = told(text).removeprefix(f"{text} may mean ").replace(" or ", ", ").split(", ")
    assert [values.zone(name) for name in names] == names


def test_the_zones_of_a_country_are_chosen_from_by_code_or_name() -> None:
    berlin = zones.Zone("Europe/Berlin", "DE", "Germany")
    assert zones.choices("de")[0] == zones.choices("Germany")[0] == berlin
    assert len(zones.choices("US")) == 29
    assert zones.choices("Atlantis") == zones.choices("") == zones.choices("XX") == []


def test_all_zones_are_zones_once_by_country_after_utc() -> None:
    first, *others = zones.choices()
    assert first == zones.Zone("UTC", None, None)
    assert len({zone.name for zone in others}) == len(others) > 400
    assert [values.zone(zone.name) for zone in others]
    names = [str(zone.country_name) for zone in others]
    assert names == sorted(names)
