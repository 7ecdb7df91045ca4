"""A disk that is full under a production site's own database: signed calls are answered, and no record is lost."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from tests.journeys.site import Site, a_site
from tests.support.requests import a_patient

PATIENCE_S = 60
MOST_CALLS = 400
"""Far more than fill the pages that the databases have already."""
PATIENT = a_patient().taking("855332", "warfarin").ordering("197806", "ibuprofen")


@contextmanager
def full(database: Engine) -> Iterator[None]:
    """SQLite gets no further page, as on a full disk."""
    with database.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def free(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")

    event.listen(database, "begin", limit)
    yield
    event.remove(database, "begin", limit)
    event.listen(database, "begin", free)


def is_well(site: Site) -> bool:
    return bool(json.loads(site.look("/health")) == {"status": "ok"})


def test_on_a_full_disk_signed_calls_are_answered_and_nothing_is_lost(tmp_path: Path) -> None:
    with a_site(tmp_path, "http://localhost/fhir") as site, ExitStack() as filled:
        hospital = site.tenant("general")
        decisions = [hospital.signs(PATIENT).decision]
        assert is_well(site)
        gate, store = site.application.gate, site.application.store
        assert gate is not None
        assert store is not None

        for database in (gate.ledger.shared.database, store.database):
            filled.enter_context(full(database))
        ready: dict[str, Any] = {}
        while not (ready.get("tokens_not_shared") and ready["records"]["away"]):
            assert len(decisions) < MOST_CALLS, ready
            decisions.append(hospital.signs(PATIENT).decision)
            ready = json.loads(site.look("/ready"))
        assert not is_well(site)
        assert (ready["tokens_not_shared"], ready["records"]["away"]) == ("OperationalError", "OperationalError")
        assert ready["records"]["spooled"] > 0
        url = "https://cds.example.org/cds-services"
        assert [hospital.ask("GET", url, jti="on-a-full-disk")[0] for _ in range(2)] == [200, 401]

        filled.close()
        deadline = time.monotonic() + PATIENCE_S
        while not is_well(site):
            assert time.monotonic() < deadline, site.look("/ready")
            decisions.append(hospital.signs(PATIENT).decision)
        told = json.loads(site.look("/ready"))["records"]
        assert (told["away"], told["spooled"], told["lost"], told["upkeep"]) == ("", 0, 0, "")
        recorded = site.lines("audit", "export", "--since", "1h")
        assert sorted(line["decision"] for line in recorded) == sorted(decisions)
        assert "0 problems" in site.run("audit", "verify")
