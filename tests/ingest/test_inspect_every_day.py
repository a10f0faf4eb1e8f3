"""Hours of some days, or numbers that look like hours, are not taken for the hours of every day."""

import pytest

from tests.ingest.test_inspect_as_written import look
from tests.ingest.test_inspect_hours import Windows, loaded

#: A week of which Saturday and Sunday are closed, by the names of its columns and the word for closed.
WEEKS = {
    "Japanese": ("月曜日,火曜日,水曜日,木曜日,金曜日,土曜日,日曜日", "定休日"),
    "Japanese, shorter": ("月曜,火曜,水曜,木曜,金曜,土曜,日曜", "休み"),
    "Japanese, one sign": ("月,火,水,木,金,土,日", "休業日"),
    "Chinese": ("星期一,星期二,星期三,星期四,星期五,星期六,星期日", "休息"),
    "Chinese, shorter": ("周一,周二,周三,周四,周五,周六,周天", "关闭"),
    "Korean": ("월요일,화요일,수요일,목요일,금요일,토요일,일요일", "휴무"),
    "Turkish": ("Pazartesi,Sal\u0131,Çarşamba,Perşembe,Cuma,Cumartesi,Pazar", "kapal\u0131"),
    "Turkish, shorter": ("Pzt,Sal,Çar,Per,Cum,Cmt,Paz", "kapal\u0131"),
    "Dutch": ("maandag,dinsdag,woensdag,donderdag,vrijdag,zaterdag,zondag", "gesloten"),
    "Swedish": ("måndag,tisdag,onsdag,torsdag,fredag,lördag,söndag", "stängt"),
    "Danish": ("mandag,tirsdag,onsdag,torsdag,fredag,lørdag,søndag", "lukket"),
    "Norwegian": ("man,tir,ons,tor,fre,lør,søn", "stengt"),
    "Polish": ("poniedziałek,wtorek,środa,czwartek,piątek,sobota,niedziela", "nieczynne"),
    "Czech": ("pondělí,úterý,středa,čtvrtek,pátek,sobota,neděle", "zavřeno"),
    "Russian": ("понедельник,вторник,среда,четверг,пятница,суббота,воскресенье", "выходной"),
}


@pytest.mark.parametrize("name", WEEKS)
def test_a_week_is_read_in_many_languages(name: str) -> None:
    header, closed = WEEKS[name]
    content = f"store,{header}\nA{',09:00-17:00' * 4},9:00~17:00,{closed},{closed}\n"
    assert loaded(content, "hours.csv") == [("A", day, 9, 17) for day in range(5)]


@pytest.mark.parametrize(
    "content",
    [
        "store,月曜日,火曜日,日曜日\nA,9:00-18:00,9:00~18:00,定休日\n",
        "store,Pazartesi,Pazar\nA,09:00-18:00,kapal\u0131\n",
        "store,Sunday hours\nA,10:00-14:00\n",
        "store,Lunch,Dinner\nA,11:00-14:00,17:00-22:00\n",
    ],
)
def test_hours_of_some_days_stay_undecided(content: str) -> None:
    found = look(content, kind="hours")
    assert "day" in found.proposal.missing
    assert not found.may_be_accepted


def test_days_of_a_week_that_are_not_read_are_asked_about() -> None:
    week = "A" + ",9:00-17:00" * 6 + ",closed"
    found = look(f"store,Mon,Tue,Wed,Thu,Fri,Samstag,Sonntag\n{week}\n")
    assert any(asked.startswith("Samstag, Sonntag: not read") for asked, _ in found.proposal.questions)
    assert not found.may_be_accepted


def test_an_end_of_hours_is_no_thursday() -> None:
    assert loaded('[{"store": "A", "day": "Mon", "from": "09:00", "to": "17:00"}]', "hours.json") == [("A", 0, 9, 17)]


#: Hours that may not be those of every day, and the part of the question that names what they may be.
ASKED = {
    "store,Hours (weekend)\nA,10:00-14:00\n": "Hours (weekend): are these the hours of every day?",
    "store,delivery\nA,10:00-14:00\n": "delivery: are these the hours of every day?",
    "store,hours,holidays\nA,10:00-14:00,closed\n": "holidays may be hours of other days",
    "store,hours,Sunday\nA,10:00-14:00,on demand\n": "Sunday may be hours of other days",
}


@pytest.mark.parametrize("content", ASKED)
def test_it_is_asked_whether_hours_without_days_are_those_of_every_day(content: str) -> None:
    found = look(content, kind="hours")
    assert any(ASKED[content] in asked and not answer for asked, answer in found.proposal.questions)
    assert not found.may_be_accepted


@pytest.mark.parametrize("name", ["hours", "Opening Hours", "business_hours", "Hours of operation", "営業時間"])
@pytest.mark.parametrize("hours", ["09:00-17:00", "0900-1700", "daily 9:00-17:00"])
def test_hours_of_the_store_are_those_of_every_day(name: str, hours: str) -> None:
    every_day: Windows = [("A", day, 9, 17) for day in range(7)]
    assert loaded(f"store,{name}\nA,{hours}\n", "hours.csv") == every_day


def test_days_that_stand_with_the_hours_are_enough() -> None:
    assert loaded("store,counter\nA,Mon 9:00-17:00; Sun 10:00-14:00\n", "file.csv") == [
        ("A", 0, 9, 17),
        ("A", 6, 10, 14),
    ]


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("month", ["2024-11", "2024-12"]),
        ("season", ["2023-24", "2022-23"]),
        ("phone", ["0800-1200", "0800-1300"]),
        ("age", ["18-24", "10-12"]),
    ],
)
def test_numbers_with_a_dash_are_no_hours_unless_the_name_says_so(name: str, texts: list[str]) -> None:
    found = look(f"store,{name}\n" + "".join(f"{at},{text}\n" for at, text in enumerate(texts)))
    assert found.columns[1].what == "text"
    assert found.proposal.kind != "hours"
    assert not found.may_be_accepted


def test_abbreviations_of_states_are_no_weekdays() -> None:
    found = look("store,state,open,close\nA,PA,09:00,17:00\nB,CT,09:00,17:00\n", kind="hours")
    assert "day" in found.proposal.missing
