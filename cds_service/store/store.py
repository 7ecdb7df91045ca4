"""The store of one process: what is written to it is on a disk when it returns."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from cds_service.database import SURVIVES_POWER_LOSS, Questions, reach_database
from cds_service.errors import NotRecorded
from cds_service.store.anchors import Anchor
from cds_service.store.entries import Entry, patient_parts, seal_entry, user_parts
from cds_service.store.feedback_chain import FeedbackChain
from cds_service.store.inserting import Inserts
from cds_service.store.migrate import prepare_database
from cds_service.store.reading import Envelope, Records
from cds_service.store.ring import Ring, read_ring
from cds_service.store.sealing import Seals
from cds_service.store.spool import Spool
from cds_service.store.tables import LOST
from cds_service.store.upkeep import Upkeep
from cds_service.store.writing import GroupCommit, Tell
from cds_service.turns import Turns

FILE = "store.sqlite"
HEALTH_WITHIN_S = 0.5
"""How long somebody who asks for the health waits for a server that says nothing."""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """`away` is why records do not go to the database, empty when they do; `spooled` counts bytes that wait; `lost`
    counts decisions whose record was written nowhere or cannot be read any more; `upkeep` is why the last checkpoint
    was not made or not taken by the anchor, or what is old not removed, else empty; `damaged` counts pieces of the
    spool that stand aside for a person to look at."""

    away: str
    spooled: int
    lost: int
    upkeep: str
    damaged: int = 0

    @property
    def is_well(self) -> bool:
        """Whether records go where they should now; what was lost before stays counted."""
        return not (self.away or self.spooled or self.upkeep or self.damaged)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a store keeps things: the database's address or the folder of its file, the folder of the key ring, the
    folder of the spool."""

    url: str | None
    home: Path
    ring: Path
    spool: Path


@dataclass(frozen=True, slots=True)
class Duties:
    """What a store owes besides keeping records. `refuse` raises `NotRecorded` for a record that was lost, instead of
    counting it only; `anchor` takes signed checkpoints; records are kept for `keep_days`, for good without it."""

    refuse: bool = False
    anchor: Anchor | None = None
    keep_days: int | None = None


@dataclass(slots=True)
class Store:
    """Records, and the keys they are found by. `clock` gives epoch seconds; `tell` hears of what goes wrong.

    Reading needs nothing more; a process that writes calls `start` once it has forked, and `close` at its end.
    """

    database: Engine
    places: Places
    clock: Callable[[], float]
    tell: Tell
    duties: Duties
    ring: Ring
    seals: Seals = field(init=False)
    records: Records = field(init=False)
    questions: Questions = field(init=False)
    turns: Turns = field(default_factory=Turns)
    feedback: FeedbackChain = field(default_factory=FeedbackChain)
    spool: Spool | None = None
    commits: GroupCommit | None = None
    upkeep: Upkeep | None = None

    def __post_init__(self) -> None:
        self.seals = Seals(lambda: self.ring)
        self.records = Records(self.database, self.seals)
        self.questions = Questions(self.database)

    def try_spool(self) -> None:
        """Take the spool's space before there is something to write. Raises `BadSettings` when there is none."""
        Spool(self.places.spool).close()

    def start(self) -> None:
        """Begin to write. Raises `BadSettings` when the spool has no space."""
        self.spool = Spool(self.places.spool, tell=self.tell)
        self.commits = GroupCommit(Inserts(self.database), self.spool, self.clock, self.tell, self.turns)
        self.feedback = FeedbackChain()
        duties = self.duties
        self.upkeep = Upkeep(self.database, self.renew_ring, duties.anchor, duties.keep_days, self.clock, self.tell)

    def write(self, entry: Entry) -> None:
        """Keep the record of a decision; it survives a crash and a power loss from here on.

        Waits at most about a tenth of a second. A record that can be kept nowhere is counted and named; then this
        raises `NotRecorded` if the site wants no answer without a record.
        """
        if self.commits is None:
            raise RuntimeError("a store that was not started cannot write")
        try:
            self.commits.write(seal_entry(entry, self.clock(), self.ring, self.seals))
        except NotRecorded:
            if self.duties.refuse:
                raise

    def read(self, decision_id: str) -> bytes:
        """The canonical bytes of a decision's record. Raises `NoSuchRecord` or `Unopened`."""
        return self.records.open(self.records.envelope(decision_id))

    def list_since(self, since: float, until: float | None = None, tenant: str | None = None) -> Iterator[Envelope]:
        """The envelopes of decisions recorded from `since` to before `until`, oldest first.

        `records.open` opens one.
        """
        return self.records.since(since, until, tenant)

    def patient_keys(self, tenant: str, patient_id: str) -> tuple[str, ...]:
        """The keyed hashes a patient's rows may stand under; the first is the one that new rows get."""
        return self.ring.keyed_by_all(*patient_parts(tenant, patient_id))

    def user_keys(self, tenant: str, user_id: str) -> tuple[str, ...]:
        """As `patient_keys`, of a user."""
        return self.ring.keyed_by_all(*user_parts(tenant, user_id))

    def renew_ring(self) -> Ring:
        """The ring with the keys that were rotated since, in use from now on. Raises `BadRing`."""
        self.ring = read_ring(self.places.ring)
        return self.ring

    def health(self) -> StoreHealth:
        """How the store is, as this process knows it. Losses of earlier processes count once the database knows."""
        if self.commits is None or self.spool is None or self.upkeep is None:
            return StoreHealth("not started", 0, 0, "")
        away, lost = self.commits.away, len(self.commits.lost) + self.spool.lost()
        if not away:
            try:
                lost += self.questions.ask(self._count_lost, HEALTH_WITHIN_S)
            except (SQLAlchemyError, TimeoutError) as error:
                away = type(getattr(error, "orig", None) or error).__name__
        return StoreHealth(away, self.spool.waiting(), lost, self.upkeep.trouble, self.spool.damaged())

    def close(self) -> None:
        """Write what is on its way, sign a last checkpoint, and stop."""
        if self.commits is not None and self.spool is not None and self.upkeep is not None:
            self.upkeep.close()
            self.commits.close()
            self.upkeep.round()
            self.spool.close()
        self.commits = self.spool = self.upkeep = None
        self.database.dispose()

    def _count_lost(self) -> int:
        with self.database.connect() as connection:
            return connection.execute(select(func.count()).select_from(LOST)).scalar_one()


def open_store(places: Places, clock: Callable[[], float], tell: Tell, duties: Duties = Duties()) -> Store:
    """The store at these places, its tables brought up to date, ready to read. Raises `BadSettings` or `BadRing`."""
    database = reach_database(places.url, places.home / FILE, SURVIVES_POWER_LOSS)
    prepare_database(database)
    store = Store(database, places, clock, tell, duties, read_ring(places.ring))
    database.dispose()
    return store
