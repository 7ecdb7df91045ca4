"""How often a client may call."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cds_service.errors import TooManyCalls
from cds_service.trust.allowance import Allowances
from cds_service.trust.client import Client
from cds_service.trust.database import open_database
from tests.support.tokens import CLOCK, a_client

# 60 calls a minute: one call a second, five of them at once.
STEADY = a_client(calls_per_minute=60, burst=5)


@dataclass(frozen=True)
class Accounts:
    """One worker's view of the clients' rates."""

    database: Engine
    allowances: Allowances

    def spend(self, client: Client, now: float) -> None:
        with self.database.begin() as connection:
            self.allowances.spend(connection, client, now)


@pytest.fixture
def allowances(database: Engine) -> Accounts:
    return Accounts(database, Allowances(database))


def served(allowances: Accounts, seconds: float, client: Client = STEADY) -> bool:
    try:
        allowances.spend(client, CLOCK + seconds)
    except TooManyCalls:
        return False
    return True


def test_a_burst_is_served_and_no_call_more(allowances: Accounts) -> None:
    assert [served(allowances, 0) for _ in range(7)] == [True] * 5 + [False] * 2


def test_after_a_burst_one_call_a_second_is_served(allowances: Accounts) -> None:
    for _ in range(5):
        served(allowances, 0)
    assert [served(allowances, seconds) for seconds in (0.2, 1, 1.1, 2, 2.1)] == [False, True, False, True, False]


def test_a_quiet_client_has_its_whole_burst_again_and_not_more(allowances: Accounts) -> None:
    for _ in range(5):
        served(allowances, 0)
    assert [served(allowances, 3600) for _ in range(6)] == [True] * 5 + [False]


def test_who_called_too_often_is_told_when_to_call_again(allowances: Accounts) -> None:
    slow = a_client(calls_per_minute=2, burst=1)
    allowances.spend(slow, CLOCK)
    with pytest.raises(TooManyCalls) as refused:
        allowances.spend(slow, CLOCK + 4)
    assert refused.value.wait == 26  # one call in 30 s, 4 of them over
    assert str(refused.value) == "more calls than agreed; nothing was checked; call again in 26 s"
    assert not served(allowances, 29.9, slow)
    assert served(allowances, 30, slow)


def test_all_workers_count_together(tmp_path: Path) -> None:
    databases = [open_database(None, tmp_path) for _ in range(2)]
    first, second = (Accounts(database, Allowances(database)) for database in databases)
    assert [served(each, 0) for each in (first, second, first, second, first, second)] == [True] * 5 + [False]


def test_one_client_does_not_use_up_what_another_has(allowances: Accounts) -> None:
    for _ in range(6):
        served(allowances, 0)
    assert served(allowances, 0, a_client(name="other", calls_per_minute=60, burst=5))


def test_a_thousand_calls_at_the_agreed_rate_are_all_served(allowances: Accounts) -> None:
    fast = a_client(calls_per_minute=700, burst=1)
    assert all(served(allowances, number * 60 / 700, fast) for number in range(1000))
