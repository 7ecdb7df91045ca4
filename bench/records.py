"""`python -m bench.records`: CPU of the record of a decision, and how long an answer waits for the group commit."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from uuid import uuid4

from rich.console import Console

from bench.bodies import order_sign
from cds_service.app import build
from cds_service.record.canonical import canonical_bytes
from cds_service.record.decision import DecisionRecord
from cds_service.record.reading import read_record
from cds_service.recording import entry_of
from cds_service.settings import Settings
from cds_service.store.entries import Entry, seal_entry
from cds_service.store.ring import complete_ring
from cds_service.store.store import Places, Store, open_store
from cds_service.trust.callers import local_caller

ROUNDS, WRITES = 300, 1500
THREADS = (1, 8, 32)


def a_record(least_bytes: int) -> DecisionRecord:
    """The record of the order-sign call that `make bench` sends."""
    records: list[DecisionRecord] = []
    application = build(Settings(profile="dev"), write=lambda record, milliseconds: records.append(record))
    service = next(each for each in application.release.services if each.hook == "order-sign")
    application.answer(order_sign(least_bytes), service, local_caller("bench"))
    return records[0]


def microseconds(do: Callable[[], object]) -> float:
    """CPU of one call, median of `ROUNDS`."""
    taken = []
    for _ in range(ROUNDS):
        before = time.thread_time()
        do()
        taken.append(time.thread_time() - before)
    return round(statistics.median(taken) * 1e6, 1)


def measure_parts(record: DecisionRecord, store: Store) -> dict[str, float]:
    """CPU in microseconds of what a call's own thread does, and bytes."""
    entry = entry_of(record)
    sealed = seal_entry(entry, time.time(), store.ring, store.seals)
    return {
        "canonical bytes, us": microseconds(lambda: canonical_bytes(record)),
        "entry, us": microseconds(lambda: entry_of(record)),
        "pack, encrypt, hash, us": microseconds(lambda: seal_entry(entry, time.time(), store.ring, store.seals)),
        "read back, us": microseconds(lambda: read_record(entry.payload)),
        "canonical, bytes": len(entry.payload),
        "kept, bytes": len(sealed.row.ciphertext),
    }


def measure_waiting(entry: Entry, store: Store, threads: int) -> dict[str, float]:
    """Milliseconds that an answer waits, and CPU of the process per record, with `threads` writing at once."""
    waited: list[float] = []

    def write(count: int) -> None:
        for _ in range(count):
            own = replace(entry, decision_id=str(uuid4()), hook_instance=str(uuid4()))
            before = time.perf_counter()
            store.write(own)
            waited.append(time.perf_counter() - before)

    cpu, started = time.process_time(), time.perf_counter()
    running = [Thread(target=write, args=(WRITES // threads,)) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    elapsed = time.perf_counter() - started
    waited.sort()
    return {
        "p50, ms": round(waited[len(waited) // 2] * 1e3, 2),
        "p99, ms": round(waited[int(len(waited) * 0.99)] * 1e3, 2),
        "CPU per record, us": round((time.process_time() - cpu) / len(waited) * 1e6, 1),
        "records a second": round(len(waited) / elapsed),
    }


def measure_records(folder: Path, url: str | None = None) -> dict[str, dict[str, float]]:
    """Everything, on the database at `url`, or an SQLite file in `folder`."""
    complete_ring(folder / "ring", datetime.now(UTC))
    store = open_store(Places(url, folder, folder / "ring", folder / "spool"), time.time, lambda event, about: None)
    store.start()
    try:
        record = a_record(14_000)
        entry = entry_of(record)
        found: dict[str, dict[str, float]] = {"parts": measure_parts(record, store)}
        for threads in THREADS:
            found[f"{threads} at once"] = measure_waiting(entry, store, threads)
        return found
    finally:
        store.close()


def main() -> None:
    """Print the figures; `CDS_DATABASE_URL` names another database than a new SQLite file."""
    with TemporaryDirectory() as folder:
        found = measure_records(Path(folder), os.environ.get("CDS_DATABASE_URL"))
    console = Console()
    for name, figures in found.items():
        console.print(f"{name}: {', '.join(f'{what} {value:g}' for what, value in figures.items())}", soft_wrap=True)


if __name__ == "__main__":
    main()
