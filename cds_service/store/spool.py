"""Where encrypted records wait while the database is away: one file of fixed size that all workers of a machine share.

Its space is taken when it is opened, so that a full disk takes no record. When all records have drained the generation
of the file goes up, and it is empty without being written over (`spool_file` has its form). A copy of the header lies
in a file of its own: so it is known what waited when the file is damaged or gone.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from hashlib import sha256
from pathlib import Path
from threading import Lock

from cds_service.errors import BadSettings, CdsError
from cds_service.store.spool_file import (
    BEGIN,
    FRESH,
    Header,
    Stretch,
    pack_header,
    pack_record,
    read_header,
    read_on,
    read_stretches,
)

FILE = "records.spool"
HEADER_FILE = "records.header"
SIZE = 64 * 1024 * 1024
DAMAGED = "damaged-"
REFUSED = "refused-"
"""How the names of files begin that were put aside: what could not be read, and records the database never takes."""

Tell = Callable[[str, str], None]


class SpoolFull(CdsError):
    """The spool has no room for another record."""

    def __str__(self) -> str:
        return "the spool is full"


class Spool:
    """The spool in `folder`. Safe for threads and processes. `tell` hears of what could not be read any more."""

    def __init__(self, folder: Path, size: int = SIZE, tell: Tell = lambda event, about: None) -> None:
        """Take the space. Raises `BadSettings` when there is none."""
        self.folder = folder
        self.size = size
        self.tell = tell
        self.lock = Lock()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.file, self.copy, self.turn = (
                os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600) for name in (FILE, HEADER_FILE, "drain.lock")
            )
            os.posix_fallocate(self.file, 0, size)
        except OSError as error:
            raise BadSettings(f"spool: {folder}: {error.strerror}") from None
        with self._alone():
            self._write_header(self._read_header())

    def append(self, records: Sequence[bytes]) -> None:
        """Keep these records, in order; they are on the disk when this returns. Raises `SpoolFull` or `OSError`."""
        with self._alone():
            header = self._read_header()
            frames = b"".join(pack_record(header.generation, each) for each in records)
            end = header.end + len(frames)
            if end > self.size:
                raise SpoolFull
            os.pwrite(self.file, frames, header.end)
            os.fdatasync(self.file)
            self._write_header(replace(header, end=end, waiting=header.waiting + len(records)))

    def waiting(self) -> int:
        """How many bytes wait to be drained."""
        with self._alone():
            header = self._read_header()
            return header.end - header.start

    def lost(self) -> int:
        """How many records could not be read any more when they should have drained, ever since."""
        with self._alone():
            return self._read_header().lost

    def damaged(self) -> int:
        """How many damaged pieces stand aside and wait for a person to look at them."""
        return len(list(self.folder.glob(f"{DAMAGED}*")))

    @contextmanager
    def draining(self) -> Iterator[bool]:
        """One process drains at a time: whether it is this one."""
        try:
            flock(self.turn, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            flock(self.turn, LOCK_UN)

    def first(self, most: int) -> tuple[list[bytes], int]:
        """The oldest records, at most `most`, and the place after them for `forget`.

        What cannot be read is put aside and told of; the records behind it come as if it were not there. Raises
        `OSError` when it cannot be put aside.
        """
        with self._alone():
            header = self._read_header()
            place, records = header.start, list[bytes]()
            for stretch in read_stretches(self.file, header, header.end):
                if stretch.record is None:
                    self._put_damaged_aside(stretch)
                else:
                    records.append(stretch.record)
                place = stretch.after
                if len(records) == most:
                    break
            if not records and place > header.start:
                self._forget(header, place)
            return records, place

    def forget(self, place: int) -> None:
        """The records before `place` are in the database."""
        with self._alone():
            self._forget(self._read_header(), place)

    def put_aside(self, record: bytes) -> str:
        """Keep a record that cannot drain in a file of its own, for a person to look at; the name of the file."""
        return self._put_aside(REFUSED, record)

    def close(self) -> None:
        for each in (self.file, self.copy, self.turn):
            os.close(each)

    def _forget(self, header: Header, place: int) -> None:
        drained = sum(each.record is not None for each in read_stretches(self.file, header, place))
        left = header.waiting - drained
        if place < header.end:
            self._write_header(replace(header, start=place, waiting=left))
        else:
            self._write_header(Header(header.generation + 1, BEGIN, BEGIN, 0, header.lost + left))
        os.fdatasync(self.file)

    def _put_damaged_aside(self, stretch: Stretch) -> None:
        damaged = os.pread(self.file, stretch.after - stretch.begin, stretch.begin).rstrip(b"\x00")
        self.tell("spool damaged", self._put_aside(DAMAGED, damaged))

    def _put_aside(self, kind: str, content: bytes) -> str:
        name = f"{kind}{sha256(content).hexdigest()[:16]}"
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return name

    def _read_header(self) -> Header:
        """What waits: the newer of the two headers, for a crash may come between them and either may be damaged."""
        known = [header for file in (self.file, self.copy) if (header := read_header(file)) is not None]
        if not known and any(os.pread(self.file, BEGIN, 0)):
            self._put_damaged_aside(Stretch(0, self.size, None))
        return read_on(self.file, max(known, default=FRESH))

    def _write_header(self, header: Header) -> None:
        """It need not be synced where more records wait: `read_on` finds them."""
        for file in (self.file, self.copy):
            os.pwrite(file, pack_header(header), 0)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.lock:
            flock(self.file, LOCK_EX)
            try:
                yield
            finally:
                flock(self.file, LOCK_UN)
