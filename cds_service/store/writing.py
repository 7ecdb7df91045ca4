"""Group commit: one thread of a worker writes what all its threads hand in, one transaction and one sync at a time.

A call waits for its record, but never long: when the database fails or is slow the record goes to the spool instead,
and when that fails too it is lost, counted and named.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

import msgspec

from cds_service.errors import NotRecorded
from cds_service.store.entries import Sealed
from cds_service.store.inserting import Chain, Inserts
from cds_service.store.spool import Spool, SpoolFull
from cds_service.turns import Turns

COMMIT_WITHIN_S = 0.08
"""What is left of the 0.1 s that an answer may wait is for the spool."""
TRY_AGAIN_S = 1.0
MOST_AT_ONCE = 500
RECORDS = msgspec.msgpack.Decoder(Sealed)

Tell = Callable[[str, str], None]
"""Told of an event of the store (`record lost`) and what it is about (a decision id, the kind of an error)."""


@dataclass(slots=True)
class Waiting:
    """A record on its way. `kept` is whether it was written somewhere; None while nobody knows."""

    sealed: Sealed
    done: Event = field(default_factory=Event)
    kept: bool | None = None
    given_up: bool = False


class GroupCommit:
    """Writes the records of one process. `away` is why the database is not used now, empty when it is."""

    def __init__(self, inserts: Inserts, spool: Spool, clock: Callable[[], float], tell: Tell, turns: Turns) -> None:
        self.inserts = inserts
        self.spool = spool
        self.clock = clock
        self.tell = tell
        self.turns = turns
        self.queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self.chain = Chain()
        self.away = "records of an earlier time wait in the spool" if spool.waiting() else ""
        self.lost: list[tuple[str, float]] = []
        self.lock = Lock()
        self.aside: list[Waiting] = []
        self.aside_turn = Lock()
        self.thread = Thread(target=self._run, name="records", daemon=True)
        self.thread.start()

    def write(self, sealed: Sealed) -> None:
        """Returns when the record is on a disk. Raises `NotRecorded` when it is on none."""
        if not self.away:
            waiting = Waiting(sealed)
            self.queue.put(waiting)
            if self.turns.wait(waiting.done.wait, COMMIT_WITHIN_S):
                if not waiting.kept:
                    raise NotRecorded(sealed.row.decision_id)
                return
            waiting.given_up = True
            self._stay_away("slow")
        with self.turns.aside():
            kept = self._keep_aside([sealed])
        if not kept:
            raise NotRecorded(sealed.row.decision_id)

    def close(self) -> None:
        """Write what is left, and stop."""
        self.queue.put(None)
        self.thread.join()

    def _run(self) -> None:
        tried = time.monotonic()
        open_ended = True
        while open_ended:
            batch, open_ended = self._collect()
            if batch:
                self._commit(batch)
            if not open_ended or time.monotonic() - tried >= TRY_AGAIN_S:
                if self.away or self._waits():
                    self._drain()
                tried = time.monotonic()
        self.inserts.close()

    def _collect(self) -> tuple[list[Waiting], bool]:
        """What was handed in, after waiting for the first; False at the end."""
        batch: list[Waiting] = []
        try:
            first = self.queue.get(timeout=TRY_AGAIN_S)
            while first is not None:
                if not first.given_up:
                    batch.append(first)
                if len(batch) == MOST_AT_ONCE:
                    break
                first = self.queue.get_nowait()
            else:
                return batch, False
        except Empty:
            pass
        return batch, True

    def _commit(self, batch: list[Waiting]) -> None:
        records = [each.sealed for each in batch]
        try:
            self.inserts.write(self.chain, records, self.clock())
            kept = True
        except Exception as error:  # whatever it is, no record may vanish with it
            self._give_up(error)
            kept = self._keep_aside([each.sealed for each in batch if not each.given_up])
        for each in batch:
            each.kept = kept
            each.done.set()

    def _waits(self) -> bool:
        """Whether records are in the spool: one may have gone there just as the database came back."""
        try:
            return self.spool.waiting() > 0
        except OSError as error:
            self.tell("spool not readable", type(error).__name__)
            return False

    def _drain(self) -> None:
        """Bring the spool and the ids of lost records into the database, oldest first, and use it again."""
        with self.spool.draining() as mine:
            if not mine:
                return
            try:
                while self._drain_some():
                    pass
            except Exception as error:  # the thread lives on and tries again
                self._give_up(error)
                return
        if self.away:
            self.away = ""
            self.tell("database back", "")

    def _drain_some(self) -> bool:
        """Whether there may be more."""
        records, place = self.spool.first(MOST_AT_ONCE)
        with self.lock:
            lost = self.lost[:]
        try:
            self.inserts.write_again(self.chain, [RECORDS.decode(each) for each in records], self.clock(), lost)
        except self.inserts.refusals:
            self._drain_singly(records)
            lost = []
        with self.lock:
            del self.lost[: len(lost)]
        if records:
            self.spool.forget(place)
        return bool(records)

    def _drain_singly(self, records: list[bytes]) -> None:
        """One record that the database never takes must not hold up the others: it goes to a file of its own.

        Raises what the database raises when it fails, as when it is full or gone.
        """
        self.chain = Chain()
        for each in records:
            try:
                self.inserts.write_again(self.chain, [RECORDS.decode(each)], self.clock())
            except self.inserts.refusals:
                self.chain = Chain()
                self.tell("record refused", self.spool.put_aside(each))

    def _keep_aside(self, records: list[Sealed]) -> bool:
        """Put records into the spool; whether they are there. Who comes while another thread writes is written by the
        next together with all others that wait, in one sync."""
        mine = [Waiting(each) for each in records]
        with self.lock:
            self.aside.extend(mine)
        with self.aside_turn:
            if not all(each.done.is_set() for each in mine):
                with self.lock:
                    batch, self.aside = self.aside, []
                self._spool(batch)
        return all(each.kept for each in mine)

    def _spool(self, batch: list[Waiting]) -> None:
        """Append a batch. What does not fit in as a whole is tried one by one."""
        try:
            self.spool.append([msgspec.msgpack.encode(each.sealed) for each in batch])
            kept = True
        except SpoolFull:
            kept = False
            if len(batch) > 1:
                for each in batch:
                    self._spool([each])
                return
        except OSError:
            kept = False
        for each in batch:
            each.kept = kept
            if not kept:
                self._lose(each.sealed)
            each.done.set()

    def _lose(self, sealed: Sealed) -> None:
        with self.lock:
            self.lost.append((sealed.row.decision_id, sealed.row.at))
        self.tell("record lost", sealed.row.decision_id)

    def _give_up(self, error: Exception) -> None:
        """Whether the last transaction was written is not known, so a new chain begins."""
        self.chain = Chain()
        cause = getattr(error, "orig", None) or error
        self._stay_away(type(cause).__name__)

    def _stay_away(self, why: str) -> None:
        if not self.away:
            self.tell("database away", why)
        self.away = why
