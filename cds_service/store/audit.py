"""What an audit works with and what it finds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from cds_service.store.entries import Who
from cds_service.store.retention import DAY_S
from cds_service.store.ring import Ring

DAY_OF_GRACE = 1


@dataclass(frozen=True, slots=True)
class Terms:
    """What an audit holds records to: the ring they were written under, how long they are kept (`keep_days`, None for
    good) as of `now` (epoch seconds), and, where `who_of` reads whom a record is about, that its hashes are of them;
    where `topics_of` reads what each of its cards is about, by uuid, that the list of cards says so."""

    ring: Ring
    now: float
    keep_days: int | None = None
    who_of: Callable[[bytes], Who] | None = None
    topics_of: Callable[[bytes], Mapping[str, str]] | None = None

    @property
    def keep_from(self) -> float | None:
        return None if self.keep_days is None else self.now - (self.keep_days + DAY_OF_GRACE) * DAY_S


@dataclass(frozen=True, slots=True)
class Link:
    """One place of a chain as the database has it. `wrong` says what is wrong with what it stands for, `kind` what that
    is: a `record`, an `access`, an event of `feedback`, a `release` or an `activation`."""

    writer: str
    seq: int
    at: float
    id: str
    release_digest: str
    content_sha256: str
    chain_hash: str
    wrong: tuple[str, ...] = ()
    kind: str = "record"


@dataclass(frozen=True, slots=True)
class Promise:
    """How long a chain was and its last hash, by the word of `by`."""

    writer: str
    length: int
    head: str
    by: str


@dataclass(slots=True)
class Audit:
    """What an audit found. `problems` are changes, each named; `checked` counts records, `removed` those of which
    retention left the header, `feedback` entries of feedback; `open_window` is how many of all that no checkpoint
    covers, written between `window_from` and `window_to` (epoch seconds). `anchored` is whether there were checkpoints
    from outside the database to hold it to.
    """

    anchored: bool
    problems: list[str] = field(default_factory=list)
    checked: int = 0
    removed: int = 0
    feedback: int = 0
    checkpoints: int = 0
    open_window: int = 0
    window_from: float = 0.0
    window_to: float = 0.0

    def widen(self, at: float) -> None:
        """Count one more that no checkpoint covers."""
        self.window_from = min(at, self.window_from) if self.open_window else at
        self.window_to = max(at, self.window_to)
        self.open_window += 1

    def until_unreadable(self, links: Iterator[Link], what: str) -> Iterator[Link]:
        """The links as far as the database can be read: where its file is damaged, that is one problem more."""
        try:
            yield from links
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            self.problems.append(f"{what}: the database cannot be read to their end: {cause}")
