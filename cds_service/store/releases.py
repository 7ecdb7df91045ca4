"""Releases as they are kept, and the log of which of them answered from when on."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from zlib import compress, decompress

from sqlalchemy import Engine, Row, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from cds_service.database import insert_into
from cds_service.errors import CdsError
from cds_service.store.inserting import writing
from cds_service.store.release_log import ACTIVATION, RELEASE, enter
from cds_service.store.tables import ACTIVATIONS, RELEASES

DRAFT, APPROVED, SHIPPED = "draft", "approved", "shipped"
"""States of a release: made by somebody, signed by somebody else, or what the data folders held at a start."""


@dataclass(unsafe_hash=True)
class NoSuchRelease(CdsError):
    """No kept release has this name, or several have."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"release {self.name}: {self.why}"


class ActivatedMeanwhile(CdsError):
    """Somebody else put a release in force at the same moment."""

    def __str__(self) -> str:
        return "another release was put in force at this moment; look at `cds release history`, then try again"


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands beside a release's content. `base` is the digest of what its `overlay` was put on; times are epoch
    seconds; `signature` of who approved it when is by the ring's sign key `signed_by`."""

    digest: str
    made: float
    base: str | None
    overlay: str
    why: str
    author: str
    state: str
    approver: str | None = None
    approved: float | None = None
    signed_by: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Activation:
    """One entry of the log: from `at` on `control` answers, and `candidate` for `percent` of the patients.

    A candidate with 0 percent is silent. `signature` is by the ring's sign key `signed_by`.
    """

    number: int
    at: float
    control: str
    candidate: str | None
    percent: int
    salt: str
    who: str
    why: str
    signed_by: str = ""
    signature: str = ""

    @property
    def digests(self) -> tuple[str, ...]:
        return (self.control,) if self.candidate is None else (self.control, self.candidate)

    def answers_as(self, other: "Activation") -> bool:
        """Whether both give every patient the same release."""
        return self._answers() == other._answers()

    def _answers(self) -> tuple[object, ...]:
        split = (self.percent, self.salt) if self.candidate else ()
        return (self.control, self.candidate, *split)


WITHOUT_CONTENT = [RELEASES.c[name] for name in Kept.__slots__]


class Releases:
    """The releases and activations in `database`."""

    def __init__(self, database: Engine) -> None:
        self.database = database

    def keep(self, kept: Kept, content: bytes) -> bool:
        """Keep a release for good; False when it is there already, and then nothing changes."""
        row = {**asdict(kept), "content": compress(content)}
        with writing(self.database) as connection:
            statement = insert_into(RELEASES, self.database).values(row).on_conflict_do_nothing()
            is_new = connection.execute(statement.returning(RELEASES.c.digest)).first() is not None
            if is_new:
                enter(connection, RELEASE, row, kept.made)
            return is_new

    def has(self, digest: str) -> bool:
        with self.database.connect() as connection:
            return connection.execute(select(RELEASES.c.digest).where(RELEASES.c.digest == digest)).first() is not None

    def find(self, name: str) -> Kept:
        """The release whose digest begins with `name`. Raises `NoSuchRelease`."""
        if not name or not set(name) <= set("0123456789abcdef"):
            raise NoSuchRelease(name, "expected the digest of a release, or its first digits")
        found = list(self._select(select(*WITHOUT_CONTENT).where(RELEASES.c.digest.startswith(name))))
        if len(found) != 1:
            raise NoSuchRelease(name, "several begin so; give more digits" if found else "there is none")
        return found[0]

    def every(self) -> tuple[Kept, ...]:
        """Every release, oldest first."""
        return tuple(self._select(select(*WITHOUT_CONTENT).order_by(RELEASES.c.made, RELEASES.c.digest)))

    def content(self, digest: str) -> bytes:
        """The bytes that were kept. Raises `NoSuchRelease`."""
        with self.database.connect() as connection:
            found = connection.execute(select(RELEASES.c.content).where(RELEASES.c.digest == digest)).scalar()
        if found is None:
            raise NoSuchRelease(digest, "it is not kept")
        return decompress(bytes(found))

    def approve(self, before: Kept, approved: Kept, at: float) -> bool:
        """Note who approved a release; False when it is not as it was `before` any more."""
        same = RELEASES.c.digest == before.digest
        standing = (RELEASES.c.state == before.state, RELEASES.c.signature == before.signature)
        unchanged = update(RELEASES).where(same, *standing)
        with writing(self.database) as connection:
            if connection.execute(unchanged.values(asdict(approved))).rowcount == 0:
                return False
            row = connection.execute(select(RELEASES).where(same)).mappings().one()
            enter(connection, RELEASE, row, at)
            return True

    def append(self, activation: Activation) -> None:
        """Put an activation at the end of the log. Raises `ActivatedMeanwhile` when its number is taken."""
        try:
            with writing(self.database) as connection:
                connection.execute(insert(ACTIVATIONS), asdict(activation))
                enter(connection, ACTIVATION, asdict(activation), activation.at)
        except IntegrityError:
            raise ActivatedMeanwhile from None

    def history(self) -> tuple[Activation, ...]:
        """Every activation, oldest first."""
        with self.database.connect() as connection:
            found = connection.execute(select(ACTIVATIONS).order_by(ACTIVATIONS.c.number))
            return tuple(Activation(**row._asdict()) for row in found)

    def last(self) -> Activation | None:
        """The activation in force."""
        newest = select(ACTIVATIONS).order_by(ACTIVATIONS.c.number.desc()).limit(1)
        with self.database.connect() as connection:
            found = connection.execute(newest).first()
        return None if found is None else Activation(**found._asdict())

    def _select(self, query: Select[tuple[object, ...]]) -> Iterator[Kept]:
        with self.database.connect() as connection:
            rows: list[Row[tuple[object, ...]]] = list(connection.execute(query))
        return (Kept(**row._asdict()) for row in rows)
