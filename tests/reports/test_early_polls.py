"""Polls that come before the calendar of their stores is there."""

from collections import deque
from threading import Barrier, Event, Thread
from time import sleep

import numpy as np

from app.reports.store_ranges import EARLY_POLLS, EarlyPolls
from app.timeline import Micros
from app.timeline.hourly import Status

Block = tuple[Micros, Micros, Status]


def block(rows: int, number: int) -> Block:
    return np.full(rows, number), np.zeros(rows, np.int64), np.zeros(rows, np.int8)


def test_what_comes_early_is_kept_up_to_a_bound_and_passed_on_once() -> None:
    early, passed = EarlyPolls(lambda: False), deque[int]()
    half = EARLY_POLLS // 2
    assert [early.keeps(*block(half, number)) for number in range(3)] == [True, True, False]
    threads = [Thread(target=early.pass_on, args=(lambda number, *_: passed.append(int(number[0])),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [0, 1]
    assert not early.keeps(*block(1, 3)), "what was passed on makes no room: the calendar is there by then"


def test_what_comes_later_is_not_kept() -> None:
    assert not EarlyPolls(lambda: True).keeps(*block(1, 0))


def test_nothing_is_lost_where_blocks_come_while_others_are_passed_on() -> None:
    is_late = Event()
    early, passed = EarlyPolls(is_late.is_set), deque[int]()
    begin = Barrier(3)

    def take(number: Micros, *_: object) -> None:
        passed.append(int(number[0]))

    def read(numbers: range) -> None:
        begin.wait()
        for number in numbers:
            if not early.keeps(*block(1, number)):
                take(*block(1, number))
            if number == 150:
                is_late.set()

    def prepare() -> None:
        begin.wait()
        is_late.wait()
        early.pass_on(take)

    threads = [Thread(target=read, args=(numbers,)) for numbers in (range(300), range(1000, 1300))]
    for thread in (*threads, Thread(target=prepare)):
        thread.start()
    for thread in threads:
        thread.join()
    early.pass_on(take)  # as account() does, once all is read
    while len(passed) < 600:  # what the third thread has taken
        sleep(0.001)
    assert sorted(passed) == [*range(300), *range(1000, 1300)]
