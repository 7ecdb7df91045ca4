"""While the database of used tokens is away, each worker keeps its own book; then the shared one counts again."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from cds_service.database import Questions
from cds_service.errors import NotTrusted, TooManyCalls
from cds_service.trust.client_token import Proven
from cds_service.trust.ledger import Ledger
from tests.store.entries import Told
from tests.support.tokens import CLOCK, a_client
from tests.trust.test_replay import proven

PATIENCE_S = 20.0
NOT_AT_ALL_S = 0.01


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer than a call waits."""
    monkeypatch.setattr("cds_service.trust.ledger.WITHIN_S", PATIENCE_S)


@contextmanager
def away(database: Engine) -> Iterator[None]:
    def fail(*_: Any) -> None:
        raise OperationalError("INSERT", {}, OSError(28, "database or disk is full"))

    event.listen(database, "begin", fail)
    try:
        yield
    finally:
        event.remove(database, "begin", fail)


def enters(ledger: Ledger, token: Proven, now: float = CLOCK) -> bool:
    try:
        ledger.enter(token, b"", now)
    except (NotTrusted, TooManyCalls):
        return False
    return True


@pytest.mark.requirement("CH-193")
def test_while_the_database_is_away_a_token_serves_once_in_each_worker(database: Engine) -> None:
    told = Told()
    one, other = Ledger(database, told), Ledger(database, told)
    with away(database):
        assert [enters(one, proven()), enters(one, proven()), enters(one, proven("two"))] == [True, False, True]
        assert [enters(other, proven()), enters(other, proven())] == [True, False]
        assert one.away == "OSError"
    assert told.events == [("tokens kept by each worker", "OSError")] * 2


def test_once_it_is_back_the_shared_book_counts_again(database: Engine) -> None:
    told = Told()
    ledger = Ledger(database, told)
    assert enters(ledger, proven("before"))
    with away(database):
        assert enters(ledger, proven("meanwhile"))
    assert [enters(ledger, proven("after")), enters(ledger, proven("before"))] == [True, False]
    assert ledger.away == ""
    assert [event for event, _ in told.events] == ["tokens kept by each worker", "tokens shared again"]
    assert not enters(Ledger(database, told), proven("after"))


def test_a_rate_is_held_while_the_database_is_away(database: Engine) -> None:
    # 60 calls a minute, two of them at once
    client = a_client(calls_per_minute=60, burst=2)
    ledger = Ledger(database, Told())
    with away(database):
        calls = [Proven(client, None, str(number), CLOCK + 300) for number in range(4)]
        assert [enters(ledger, call) for call in calls] == [True, True, False, False]
        assert enters(ledger, calls[2], CLOCK + 1)


def test_many_threads_keep_one_book_of_their_worker(database: Engine) -> None:
    ledger = Ledger(database, Told())
    let_in: list[bool] = []
    with away(database):
        threads = [Thread(target=lambda: let_in.append(enters(ledger, proven()))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(let_in) == [False] * 7 + [True]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_does_not_answer_is_asked_nothing_more_until_it_does(database: Engine) -> None:
    questions = Questions(database)
    answering = Event()
    with pytest.raises(TimeoutError):
        questions.ask(lambda: answering.wait(PATIENCE_S), NOT_AT_ALL_S)
    assert questions.unanswered is not None
    put: list[str] = []
    with pytest.raises(TimeoutError):
        questions.ask(lambda: put.append("another"), PATIENCE_S)
    assert put == []
    answering.set()
    assert questions.unanswered.result(PATIENCE_S)
    assert questions.ask(lambda: "an answer", PATIENCE_S) == "an answer"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_a_question_raises_is_raised(database: Engine) -> None:
    def refuse() -> None:
        raise NotTrusted("used before")

    with pytest.raises(NotTrusted):
        Questions(database).ask(refuse, PATIENCE_S)
