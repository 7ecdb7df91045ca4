"""What the service writes to disk names no patient: planted names, ids and dates are looked for in every file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError

from cds_service.app import Application, build_server
from cds_service.database import SURVIVES_POWER_LOSS, reach_database
from cds_service.monitoring.meters import Meters
from cds_service.settings import Settings
from cds_service.store.entries import unpack_reached
from cds_service.store.store import Places
from cds_service.store.tables import DECISIONS
from cds_service.trust.callers import local_caller
from cds_service.web.log import log_decision, log_store, start_logging
from tests.store.test_failures import wait_for
from tests.support.requests import a_patient, body, coded, observation

PLANTED = {
    "patient": "pat-7731-xq",
    "encounter": "enc-7732-xq",
    "user": "Practitioner/usr-7733-xq",
    "family": "Quastelmann",
    "born": "1947-03-17",
    "condition": "Quastelmann's own complaint",
    "lab": "obs-7734-xq",
    "draft": "draft-7735-xq",
    "sig": "one with Quastelmann's breakfast",
    "drug": "Quastelmannol forte",
    "authored": "2019-08-23",
    "role": "dr quastelmann-vogt",
    "department": "quastelmann's ward",
}


def a_call() -> bytes:
    """An order-sign call with a mark in every place that may name somebody."""
    case = (
        a_patient(PLANTED["patient"], birthDate=PLANTED["born"], name=[{"family": PLANTED["family"]}])
        .taking("855332", "warfarin", authoredOn=PLANTED["authored"], dosageInstruction=[{"text": PLANTED["sig"]}])
        .adding("labs", observation(PLANTED["lab"], "6301-6", 3.1, "{INR}", "2026-11-18"))
        .adding(
            "conditions",
            {"resourceType": "Condition", "id": "c1", "code": coded("http://local", "x", PLANTED["condition"])},
        )
        .ordering("197806", id=PLANTED["draft"], medicationCodeableConcept={"text": PLANTED["drug"]})
    )
    request = case.order_sign()
    request["context"].update(userId=PLANTED["user"], encounterId=PLANTED["encounter"])
    request["extension"] = {"org.cds-service": {name: PLANTED[name] for name in ("role", "department")}}
    return body(request)


@contextmanager
def running(settings: Settings) -> Iterator[Application]:
    application = replace(build_server(settings, log_decision, log_store), meters=Meters())
    application.start()
    try:
        yield application
    finally:
        application.close()


def answer(application: Application, content: bytes) -> None:
    service = next(each for each in application.release.services if each.hook == "order-sign")
    application.answer(content, service, local_caller("loopback"))


@contextmanager
def database_away(application: Application) -> Iterator[None]:
    def fail(*_: Any) -> None:
        raise OperationalError("INSERT", {}, OSError(28, "full"))

    assert application.store is not None
    event.listen(application.store.database, "begin", fail)
    yield
    event.remove(application.store.database, "begin", fail)


def bytes_on_disk(places: Places, folder: Path) -> dict[str, bytes]:
    """Every file that was written, without the empty space behind it, and every row where the database is a server."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {str(path.relative_to(folder)): path.read_bytes().rstrip(b"\0") for path in files}
    if places.url is not None:
        engine = reach_database(places.url, folder, SURVIVES_POWER_LOSS)
        with engine.connect() as connection:
            tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
            for table in tables.all():
                found[table] = "\n".join(connection.execute(text(f"SELECT t::text FROM {table} t")).scalars()).encode()
        engine.dispose()
    return found


def unpacked(application: Application) -> bytes:
    """What stands packed beside the records, as text."""
    assert application.store is not None
    with application.store.database.connect() as connection:
        packed = connection.execute(select(DECISIONS.c.reached)).scalars().all()
    assert packed
    return repr([unpack_reached(bytes(each)) for each in packed]).encode()


def is_well(application: Application) -> bool:
    health = application.records_health()
    return health is not None and health.is_well


def metered(application: Application) -> bytes:
    assert application.meters is not None
    counted = application.meters.text()
    assert b"cds_unknowns_total{" in counted
    return counted


def test_no_planted_identifier_is_found_in_database_log_or_spool(
    places: Places, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    start_logging()
    settings = Settings(home=places.home, database_url=places.url, key_ring=None, audit_anchor=str(tmp_path / "anchor"))
    content = a_call()
    for mark in PLANTED.values():
        assert json.dumps(mark)[1:-1].encode() in content
    with running(settings) as application:
        answer(application, content)
        assert application.store is not None
        (envelope,) = application.store.list_since(0)
        record = application.store.records.open(envelope)
        for mark in (PLANTED["patient"], PLANTED["lab"], PLANTED["draft"]):
            assert mark.encode() in record  # it is there, encrypted
        with database_away(application):
            answer(application, content)
            assert application.store.health().spooled > 0
            before = bytes_on_disk(Places(None, *(places.home,) * 3), tmp_path)  # the spool is full, the log behind
        counted = metered(application)
    with running(settings) as application:
        wait_for(lambda: is_well(application))
        beside = unpacked(application)
    after = bytes_on_disk(places, tmp_path)
    output = capfd.readouterr()
    everything = {**{f"before/{name}": found for name, found in before.items()}, **after}
    assert b"drug: unrecognised" in beside  # the order that is named by a mark alone
    everything["reached"] = beside
    everything["metrics"] = counted
    everything["output"] = (output.out + output.err).encode()
    assert "answered" in output.err
    assert any(name.endswith("records.spool") for name in everything)
    leaks = [
        (name, mark)
        for name, found in everything.items()
        for mark in (*PLANTED.values(), "usr-7733", "Quastelmann")
        if mark.encode() in found or mark.encode().hex().encode() in found  # PostgreSQL shows bytes as digits
    ]
    assert leaks == []
