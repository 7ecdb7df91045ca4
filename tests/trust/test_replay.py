"""A token serves once: in this worker, in the others, and after a restart."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, func, select

from cds_service.errors import BadSettings, NotTrusted
from cds_service.trust.client_token import Proven
from cds_service.trust.database import USED_TOKENS, open_database
from cds_service.trust.replay import UsedTokens
from tests.architecture.source import CHECKOUT
from tests.support.tokens import CLOCK, a_client

USE_ONCE = """
import sys
from pathlib import Path
from cds_service.errors import NotTrusted
from cds_service.trust.database import open_database
from cds_service.trust.replay import UsedTokens
from tests.support.tokens import CLOCK
from tests.trust.test_replay import proven
try:
    database = open_database(None, Path(sys.argv[1]))
    with database.begin() as connection:
        UsedTokens(database).use(connection, proven(), b"", CLOCK)
    print("accepted")
except NotTrusted:
    print("refused")
"""


def proven(jti: str = "one", replay: str = "strict", name: str = "general-hospital", until: float = 360) -> Proven:
    return Proven(a_client(name=name, replay=replay), None, jti, CLOCK + until)


@dataclass(frozen=True)
class Store:
    """One worker's view of the used tokens."""

    database: Engine
    used_tokens: UsedTokens

    def use(self, token: Proven, call: bytes, now: float) -> None:
        with self.database.begin() as connection:
            self.used_tokens.use(connection, token, call, now)


def a_store(database: Engine) -> Store:
    return Store(database, UsedTokens(database))


def uses(store: Store, token: Proven, call: bytes = b"", now: float = CLOCK) -> bool:
    try:
        store.use(token, call, now)
    except NotTrusted:
        return False
    return True


@pytest.mark.requirement("CH-193")
def test_a_token_serves_once(database: Engine) -> None:
    store = a_store(database)
    assert [uses(store, proven()), uses(store, proven()), uses(store, proven("two"))] == [True, False, True]


def test_why_a_used_token_is_refused_is_for_the_log(database: Engine) -> None:
    store = a_store(database)
    store.use(proven(), b"", CLOCK)
    with pytest.raises(NotTrusted) as refused:
        store.use(proven(), b"", CLOCK)
    assert (refused.value.why, refused.value.client) == ("the token was used before (jti)", "general-hospital")


@pytest.mark.requirement("CH-193")
def test_two_clients_may_use_the_same_id(database: Engine) -> None:
    store = a_store(database)
    assert uses(store, proven(name="north"))
    assert uses(store, proven(name="south"))


@pytest.mark.requirement("CH-193")
def test_a_token_used_in_one_store_is_used_in_every_other(tmp_path: Path) -> None:
    first, second = (a_store(open_database(None, tmp_path)) for _ in range(2))
    assert uses(first, proven())
    assert not uses(second, proven())
    assert not uses(a_store(open_database(None, tmp_path)), proven())


@pytest.mark.requirement("CH-193")
def test_of_three_processes_with_one_token_one_is_served(tmp_path: Path) -> None:
    run = [sys.executable, "-c", USE_ONCE, str(tmp_path)]
    workers = [subprocess.Popen(run, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = sorted(worker.communicate(timeout=60)[0].strip() for worker in workers)
    assert said == ["accepted", "refused", "refused"]


def test_of_many_threads_with_one_token_one_is_served(database: Engine) -> None:
    store, together = a_store(database), Barrier(12)
    served = []

    def call() -> None:
        together.wait()
        served.append(uses(store, proven()))

    threads = [Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(served) == [False] * 11 + [True]


@pytest.mark.requirement("CH-193")
def test_a_client_that_repeats_calls_may_send_the_same_call_again_and_no_other(database: Engine) -> None:
    store = a_store(database)
    assert uses(store, proven(replay="same-body"), b"call")
    assert uses(store, proven(replay="same-body"), b"call")
    assert not uses(store, proven(replay="same-body"), b"another call")
    assert uses(store, proven("two", replay="same-body"), b"another call")


@pytest.mark.requirement("CH-193")
def test_a_test_tool_may_use_one_token_for_everything(database: Engine) -> None:
    store = a_store(database)
    assert all(uses(store, proven(replay="off"), call) for call in (b"a", b"b", b"a"))


@pytest.mark.requirement("CH-193")
def test_used_tokens_are_forgotten_when_they_have_expired_and_not_before(database: Engine) -> None:
    store = a_store(database)
    for number in range(20):
        assert uses(store, proven(f"short-{number}", until=360))
    assert uses(store, proven("long", until=3660))
    assert not uses(store, proven("short-1", until=360), now=CLOCK + 359)
    assert uses(store, proven("late", until=4000), now=CLOCK + 500)
    with database.connect() as connection:
        assert connection.execute(select(func.count()).select_from(USED_TOKENS)).scalar() == 2
    assert not uses(store, proven("long", until=3660), now=CLOCK + 600)


def test_nothing_of_a_token_is_stored_but_digests(tmp_path: Path) -> None:
    database = open_database(None, tmp_path)
    uses(a_store(database), proven("a-telling-id"), b"a telling body")
    database.dispose()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"general-hospital" in content
    assert b"telling" not in content


def test_an_id_of_any_letters_is_stored(database: Engine) -> None:
    store = a_store(database)
    for jti in ("\0", "'; DROP TABLE used_token; --", "é" * 2000, "\u2028"):
        assert uses(store, proven(jti))
        assert not uses(store, proven(jti))


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="database_url: found oracle, expected sqlite or postgresql"):
        open_database("oracle://u:secret@host/x", tmp_path)
