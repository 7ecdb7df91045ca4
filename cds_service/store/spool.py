"""Where encrypted records wait while the database is away: one file of fixed size that all workers of a machine share.

Its space is taken when it is opened, so that a full disk takes no record. Bytes: a header (magic, generation, where the
first record that is still waiting begins), then records one after the other (generation, length, SHA-256, bytes). When
all have drained the generation goes up, and the file is empty without being written over.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from hashlib import sha256
from pathlib import Path
from threading import Lock

from cds_service.errors import BadSettings, CdsError

FILE = "records.spool"
SIZE = 64 * 1024 * 1024
MAGIC = b"cds-spool-1\x00\x00\x00\x00\x00"
HEADER = struct.Struct(f">{len(MAGIC)}sQQ")
FRAME = struct.Struct(">QI32s")
BEGIN = 4096
"""Where the first record stands: the header has a block of its own."""


class SpoolFull(CdsError):
    """The spool has no room for another record."""

    def __str__(self) -> str:
        return "the spool is full"


class Spool:
    """The spool in `folder`. Safe for threads and processes."""

    def __init__(self, folder: Path, size: int = SIZE) -> None:
        """Take the space. Raises `BadSettings` when there is none."""
        self.folder = folder
        self.size = size
        self.lock = Lock()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
            self.turn = os.open(folder / "drain.lock", os.O_RDWR | os.O_CREAT, 0o600)
            os.posix_fallocate(self.file, 0, size)
        except OSError as error:
            raise BadSettings(f"spool: {folder}: {error.strerror}") from None
        with self._alone():
            if os.pread(self.file, len(MAGIC), 0) != MAGIC:
                self._write_header(1, BEGIN)
        self.known = (0, BEGIN)

    def append(self, records: Sequence[bytes]) -> None:
        """Keep these records, in order; they are on the disk when this returns. Raises `SpoolFull` or `OSError`."""
        with self._alone():
            generation, _ = self._read_header()
            end = self._find_end(generation)
            frames = b"".join(FRAME.pack(generation, len(each), sha256(each).digest()) + each for each in records)
            if end + len(frames) > self.size:
                raise SpoolFull
            os.pwrite(self.file, frames, end)
            os.fdatasync(self.file)
            self.known = (generation, end + len(frames))

    def waiting(self) -> int:
        """How many bytes wait to be drained."""
        with self._alone():
            generation, start = self._read_header()
            return self._find_end(generation) - start

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
        """The oldest records, at most `most`, and the place after them for `forget`."""
        with self._alone():
            generation, place = self._read_header()
            records: list[bytes] = []
            while len(records) < most and (record := self._read_frame(generation, place)) is not None:
                records.append(record)
                place += FRAME.size + len(record)
            return records, place

    def forget(self, place: int) -> None:
        """The records before `place` are in the database."""
        with self._alone():
            generation, _ = self._read_header()
            if self._find_end(generation) == place:
                self._write_header(generation + 1, BEGIN)
            else:
                self._write_header(generation, place)

    def put_aside(self, record: bytes) -> str:
        """Keep a record that cannot drain in a file of its own, for a person to look at; the name of the file."""
        name = f"refused-{sha256(record).hexdigest()[:16]}"
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(record)
            file.flush()
            os.fsync(file.fileno())
        return name

    def close(self) -> None:
        os.close(self.file)
        os.close(self.turn)

    def _find_end(self, generation: int) -> int:
        """Where the next record goes. A record that was cut off by a crash is written over."""
        place = self.known[1] if self.known[0] == generation else self._read_header()[1]
        while (record := self._read_frame(generation, place)) is not None:
            place += FRAME.size + len(record)
        self.known = (generation, place)
        return place

    def _read_frame(self, generation: int, place: int) -> bytes | None:
        head = os.pread(self.file, FRAME.size, place)
        if len(head) < FRAME.size:
            return None
        written, length, digest = FRAME.unpack(head)
        if written != generation or place + FRAME.size + length > self.size:
            return None
        record = os.pread(self.file, length, place + FRAME.size)
        return record if sha256(record).digest() == digest else None

    def _read_header(self) -> tuple[int, int]:
        _, generation, start = HEADER.unpack(os.pread(self.file, HEADER.size, 0))
        return generation, start

    def _write_header(self, generation: int, start: int) -> None:
        os.pwrite(self.file, HEADER.pack(MAGIC, generation, start), 0)
        os.fdatasync(self.file)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.lock:
            flock(self.file, LOCK_EX)
            try:
                yield
            finally:
                flock(self.file, LOCK_UN)
