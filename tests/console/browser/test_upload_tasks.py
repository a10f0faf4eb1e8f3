"""A person uploads files, has them read as they are meant, mends one, and goes on after a pause: in either way."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.console.browser.files import table_of
from tests.console.browser.hands import Mouse
from tests.console.browser.watched import Watched

pytestmark = pytest.mark.browser

#: Four pieces of what the page sends at once, and some more, bytes.
LARGE_BYTES = 36_000_000


def test_a_file_with_other_columns_and_words_is_read_as_a_person_picks(
    page: Watched, hand: Mouse, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    here, name = page.page, f"till-{request.node.callspec.id}"
    file = tmp_path / f"{name}.csv"
    file.write_text(
        "Filiale,Lage,Zeit\n"
        + "".join(f"{name},{'an' if hour % 2 else 'aus'},25.01.2023 {hour:02}:00\n" for hour in range(10, 20))
    )
    page.open("/console/files")
    hand.press(here.get_by_role("button", name="Upload files"))
    page.at("Upload files")
    hand.choose(here.get_by_label("What the files are"), "polls")
    hand.file(here.get_by_label("Choose files"), str(file))
    picks = here.locator("#picks")
    picks.wait_for(state="attached")
    page.hold()

    if not here.locator("[name=store_id__from]").is_visible():
        hand.press(here.get_by_text("Pick columns and words"))
    hand.choose(here.locator("[name=store_id__from]"), "Filiale")
    hand.choose(here.locator("[name=status__from]"), "Lage")
    hand.write(here.locator("[name=status__words]"), "an = active\naus = inactive")
    hand.choose(here.locator("[name=timestamp_utc__from]"), "Zeit")
    hand.write(here.locator("[name=timestamp_utc__date]"), "DD.MM.YYYY HH:mm")
    hand.write(here.locator("[name=timestamp_utc__zone]"), "Europe/Berlin")
    hand.press(here.get_by_role("button", name="Read the rows this way"))
    # The rows as they would be read: the clock of Berlin is an hour ahead.
    expect(here.locator("#inspected").get_by_role("cell", name="2023-01-25T09:00").first).to_be_visible()
    page.hold()

    if not here.locator("[name=name]").is_visible():
        hand.press(here.get_by_text("Pick columns and words"))
    hand.write(here.locator("#picks [name=name]"), name)
    hand.press(here.get_by_role("button", name="Save the mapping"))
    expect(here.locator("#inspected").get_by_text(name).first).to_be_visible()
    hand.press(here.get_by_role("button", name="Upload", exact=True))
    hand.press(here.get_by_role("link", name="See the file"))
    page.at(f"File {file.name}")
    expect(here.locator(".status.is-ready")).to_be_visible()
    expect(page.fact("Accepted")).to_have_text("10")
    page.hold()

    page.open("/console/mappings")
    hand.press(here.get_by_role("link", name=name, exact=True))
    expect(here.locator("main")).to_contain_text("aus")


def test_a_file_that_is_refused_at_once_says_why_and_is_not_sent_again(
    page: Watched, hand: Mouse, tmp_path: Path
) -> None:
    here, file = page.page, tmp_path / "till.csv"
    file.write_text("Filiale;Farbe\nA;rot\n")
    asked = []
    here.on("request", lambda request: asked.append(request.url) if request.url.endswith("/uploads") else None)
    page.open("/console/upload")
    hand.file(here.get_by_label("Choose files"), str(file))
    here.locator("#picks").wait_for(state="attached")
    hand.press(here.get_by_role("button", name="Upload", exact=True))
    expect(here.locator("#uploads")).to_contain_text("was refused: ")
    expect(here.locator("#uploads")).to_contain_text("timezone_str")
    assert len(asked) == 1
    page.hold()


def test_a_file_with_wrong_rows_is_loaded_without_them(
    page: Watched, hand: Mouse, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    here = page.page
    file = tmp_path / "polls.csv"
    rows = "".join(f"{request.node.callspec.id},active,2023-01-25T{hour:02}:00:00Z\n" for hour in range(8))
    file.write_text(f"store_id,status,timestamp_utc\n{rows}1,activ,2023-01-25T10:00:00Z\n1,active,yesterday\n")
    page.open("/console/upload")
    hand.choose(here.get_by_label("What the files are"), "polls")
    hand.file(here.get_by_label("Choose files"), str(file))
    expect(here.locator("#inspected")).to_contain_text("These rows would be refused")
    hand.press(here.get_by_role("button", name="Upload", exact=True))
    hand.press(here.get_by_role("link", name="See the file"))
    page.at("File polls.csv")
    expect(here.locator(".status.is-rejected")).to_be_visible()
    rejected = here.get_by_role("region", name="Rejected rows")
    expect(rejected.locator("tbody tr")).to_have_count(2)
    expect(rejected).to_contain_text("yesterday")
    page.hold()

    hand.choose(here.get_by_label("Wrong rows"), "skip_rows")
    hand.press(here.get_by_role("button", name="Check and load it again"))
    expect(here.locator(".status.is-ready")).to_be_visible()
    expect(page.fact("Accepted")).to_have_text("8")
    expect(page.fact("Rejected")).to_have_text("2")
    with here.expect_download() as begun:
        hand.press(here.get_by_role("button", name="rejected rows"))
    assert begun.value.path().read_text("utf-8").count("\n") == 3
    page.hold()


def test_a_file_with_its_rows_is_removed_once_its_name_is_typed(
    page: Watched, hand: Mouse, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    here, file = page.page, tmp_path / f"gone-{request.node.callspec.id}.csv"
    file.write_text(f"store_id,status,timestamp_utc\n{file.name},active,2023-01-25T10:00:00Z\n")
    page.open("/console/upload?kind=polls")
    hand.file(here.get_by_label("Choose files"), str(file))
    hand.press(here.get_by_role("button", name="Upload", exact=True))
    hand.press(here.get_by_role("link", name="See the file"))
    expect(here.locator(".status.is-ready")).to_be_visible()
    opens = here.locator("summary", has_text="Remove the file and its rows")
    hand.press(opens)
    hand.write(here.get_by_label("Name of the file"), "polls.csv")
    hand.press(here.get_by_role("button", name="Remove the file and its rows").and_(here.locator("form *")))
    expect(here.get_by_role("alert")).to_contain_text("Nothing was removed")
    page.hold()
    hand.press(opens)
    hand.write(here.get_by_label("Name of the file"), file.name)
    hand.press(here.get_by_role("button", name="Remove the file and its rows").and_(here.locator("form *")))
    page.at("Files")
    expect(here.get_by_role("status")).to_have_text("It was removed.")
    expect(here.get_by_text(file.name)).to_have_count(0)


def test_an_upload_goes_on_after_a_pause_and_after_a_reload(
    page: Watched, hand: Mouse, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    here, file = page.page, tmp_path / f"large-{request.node.callspec.id}.csv"
    digest = table_of(file, LARGE_BYTES)
    begun: list[str] = []
    here.on(
        "request", lambda asked: begun.append(asked.url) if asked.method == "POST" and "/uploads" in asked.url else 0
    )
    page.open("/console/upload?kind=table")
    hand.file(here.get_by_label("Choose files"), str(file))
    expect(here.get_by_role("alert")).to_have_count(0)
    page.slow_down(8_000_000)
    hand.press(here.get_by_role("button", name="Upload", exact=True))
    page.sent(0.1)
    hand.press(here.get_by_role("button", name="Pause"))
    expect(here.locator("#uploads .state")).to_have_text("paused")
    page.hold()
    hand.press(here.get_by_role("button", name="Resume"))
    page.sent(0.4)
    page.open("/console/upload?kind=table")
    expect(here.locator("#uploads .state")).to_contain_text("was interrupted")
    page.hold()
    hand.file(here.get_by_label("Choose files"), str(file))
    hand.press(here.get_by_role("button", name="Upload", exact=True))
    hand.press(here.get_by_role("link", name="See the file"))
    page.at(f"File {file.name}")
    expect(page.fact("SHA-256")).to_have_text(digest)
    assert begun == [f"{page.address}/uploads"], "it went on where it was"
