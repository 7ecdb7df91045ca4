"""Calls compute one after the other, and who waits for something else lets the others go on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from cds_service.turns import Turns

PATIENCE_S = 10.0
Steps = list[str]


def wait_until_queued(turns: Turns, how_many: int) -> None:
    """Threads say nowhere that they wait, so look until they do."""
    while len(turns.waiting) < how_many:
        pass


def in_turn(turns: Turns, steps: Steps, name: str) -> Callable[[], None]:
    def run() -> None:
        turns.take()
        steps.append(name)
        turns.give()

    return run


def test_those_who_wait_come_in_the_order_they_came() -> None:
    turns, steps = Turns(), Steps()
    turns.take()
    with ThreadPoolExecutor(5) as pool:
        for place, name in enumerate("abcde"):
            pool.submit(in_turn(turns, steps, name))
            wait_until_queued(turns, place + 1)
        assert steps == []
        turns.give()
    assert steps == list("abcde")


def test_who_steps_aside_comes_before_those_who_wait() -> None:
    turns, steps = Turns(), Steps()
    second_is_in = Event()

    def second() -> None:
        turns.take()
        second_is_in.set()
        wait_until_queued(turns, 2)  # the third, and the first that wants to come back
        steps.append("second")
        turns.give()

    turns.take()
    with ThreadPoolExecutor(2) as pool:
        pool.submit(second)
        wait_until_queued(turns, 1)
        pool.submit(in_turn(turns, steps, "third"))
        wait_until_queued(turns, 2)
        with turns.aside():
            assert second_is_in.wait(PATIENCE_S)
        steps.append("first again")
        turns.give()
    assert steps == ["second", "first again", "third"]


def test_a_wait_that_is_soon_over_keeps_the_turn() -> None:
    turns = Turns()
    turns.take()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(in_turn(turns, Steps(), "other"))
        wait_until_queued(turns, 1)
        asked: list[float] = []
        assert turns.wait(lambda seconds: bool(asked.append(seconds)) or True, 0.08)
        assert asked == [0.003]
        assert len(turns.waiting) == 1
        turns.give()


def test_a_long_wait_lets_the_others_go_on() -> None:
    turns, steps = Turns(), Steps()
    other_is_done = Event()

    def other() -> None:
        in_turn(turns, steps, "other")()
        other_is_done.set()

    turns.take()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(other)
        wait_until_queued(turns, 1)
        answers = iter([lambda: False, lambda: other_is_done.wait(PATIENCE_S)])
        assert turns.wait(lambda seconds: next(answers)(), 0.08)
    assert steps == ["other"]
    turns.give()
    assert turns.owner is None


def test_the_whole_wait_is_as_long_as_was_asked_for() -> None:
    turns = Turns()
    turns.take()
    asked: list[float] = []
    assert not turns.wait(lambda seconds: bool(asked.append(seconds)), 0.08)
    assert asked == [0.003, pytest.approx(0.077)]


def test_nobody_gives_away_the_turn_of_another() -> None:
    turns, steps = Turns(), Steps()
    turns.take()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(turns.give).result(PATIENCE_S)
        pool.submit(in_turn(turns, steps, "other"))
        wait_until_queued(turns, 1)
        assert steps == []
        turns.give()
    assert steps == ["other"]


def test_without_the_turn_nothing_is_given_up_or_taken() -> None:
    turns = Turns()
    with turns.aside():
        assert turns.owner is None
    assert turns.wait(lambda seconds: seconds == 0.08, 0.08)
    assert turns.owner is None


def test_a_failure_while_aside_takes_the_turn_back() -> None:
    turns = Turns()
    turns.take()
    me = turns.owner
    with pytest.raises(ZeroDivisionError), turns.aside():
        raise ZeroDivisionError
    assert turns.owner == me
