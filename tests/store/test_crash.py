"""Two of the rounds that `make crash` makes twenty of: one on SQLite, one on PostgreSQL."""

from cds_service.settings import Settings
from cds_service.store.store import Places
from tests.store.crash import check, run_round

CALLS = 300


def test_every_answer_that_left_has_its_record_when_workers_and_server_are_killed(places: Places) -> None:
    settings = Settings(home=places.home, database_url=places.url)
    places.home.mkdir(exist_ok=True)
    received, begun = run_round(settings, CALLS)
    assert len(received) >= CALLS // 2
    check(settings, received, begun)
