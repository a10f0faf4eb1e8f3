"""Times as people say them."""

import pytest

from app.errors import InvalidParameters
from app.schedules.forms import When, cron_of


@pytest.mark.parametrize(
    ("when", "cron"),
    [
        (When(every="hour"), "0 * * * *"),
        (When(every="hour", at=":15"), "15 * * * *"),
        (When(every="day", at="06:05"), "5 6 * * *"),
        (When(every="weekday", at="6:30"), "30 6 * * 1-5"),
        (When(every="week", at="06:30"), "30 6 * * 1"),
        (When(every="week", at="06:30", on="Sunday"), "30 6 * * 0"),
        (When(every="month", at="23:59"), "59 23 1 * *"),
        (When(every="month", at="00:00", on="28"), "0 0 28 * *"),
        (When(every="month", at="00:00", on="last"), "0 0 L * *"),
        (When(cron="1 2 3 4 5"), "1 2 3 4 5"),
    ],
)
def test_each_form_is_a_cron_expression(when: When, cron: str) -> None:
    assert cron_of(when) == cron


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (When(), "every: is missing; allowed: hour, day, weekday, week, month; or cron instead"),
        (When(every="day"), "at: is missing; allowed: the local time, such as 06:30, with every day"),
        (When(every="day", at="24:00"), "at: '24:00' is not a time of day"),
        (When(every="hour", at="06:30"), "at: '06:30' is not a minute; allowed: the minute of every hour, such as :15"),
        (When(every="day", at="06:30", on="monday"), "on: 'monday' does not go with every day"),
        (When(every="week", at="06:30", on="1"), "on: '1' is not a day of the week; allowed: monday, tuesday"),
        (
            When(every="month", at="06:30", on="31"),
            "on: '31' is not a date that every month has; allowed: 1 to 28, or last",
        ),
        (When(cron="0 6 * * *", at="06:30"), "at: '06:30' cannot be combined with cron"),
    ],
)
def test_what_does_not_go_together_is_refused(when: When, words: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        cron_of(when)
    assert refused.value.message.startswith(words)
