"""The bytes of a spool: a header that says what waits, and records one after the other, each with its digest.

A record is read by itself, so that one which was damaged hides none behind it.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

MAGIC = b"cds-spool-2\x00\x00\x00\x00\x00"
OLDER_MAGIC = b"cds-spool-1\x00\x00\x00\x00\x00"
FIELDS = struct.Struct(f">{len(MAGIC)}sQQQQQ")
OLDER_FIELDS = struct.Struct(f">{len(MAGIC)}sQQ")
DIGEST_BYTES = 32
FRAME = struct.Struct(f">QI{DIGEST_BYTES}s")
GENERATION = struct.Struct(">Q")
BEGIN = 4096
"""Where the first record stands: the header has a block of its own."""


@dataclass(frozen=True, slots=True, order=True)
class Header:
    """What waits between `start` and `end`. `generation` goes up when all has drained: what stands in the file from
    before does not count any more. `waiting` counts records; `lost` those that could not be read when they drained.

    Of two headers the greater is the newer.
    """

    generation: int
    end: int
    start: int
    waiting: int = 0
    lost: int = 0


FRESH = Header(1, BEGIN, BEGIN)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The bytes from `begin` to before `after`: one record, or none where nothing can be read."""

    begin: int
    after: int
    record: bytes | None


def pack_header(header: Header) -> bytes:
    fields = FIELDS.pack(MAGIC, header.generation, header.end, header.start, header.waiting, header.lost)
    return fields + sha256(fields).digest()


def read_header(file: int) -> Header | None:
    """The header of an open file; None when it has none, or one that was damaged.

    The older form did not say where the last record ends: `read_on` finds out.
    """
    block = os.pread(file, FIELDS.size + DIGEST_BYTES, 0)
    fields, digest = block[: FIELDS.size], block[FIELDS.size :]
    if sha256(fields).digest() == digest and fields.startswith(MAGIC):
        return Header(*FIELDS.unpack(fields)[1:])
    if block.startswith(OLDER_MAGIC):
        _, generation, start = OLDER_FIELDS.unpack(block[: OLDER_FIELDS.size])
        return Header(generation, start, start)
    return None


def pack_record(generation: int, record: bytes) -> bytes:
    return FRAME.pack(generation, len(record), sha256(record).digest()) + record


def read_record(file: int, generation: int, place: int) -> bytes | None:
    """The whole record that begins at `place`, None where there is none."""
    head = os.pread(file, FRAME.size, place)
    if len(head) < FRAME.size:
        return None
    written, length, digest = FRAME.unpack(head)
    if written != generation or place + FRAME.size + length > os.fstat(file).st_size:
        return None
    record = os.pread(file, length, place + FRAME.size)
    return record if sha256(record).digest() == digest else None


def read_stretches(file: int, header: Header, end: int) -> Iterator[Stretch]:
    """What waits before `end`, in order, without a gap."""
    place = header.start
    while place < end:
        record = read_record(file, header.generation, place)
        after = find_record(file, header, place) if record is None else place + FRAME.size + len(record)
        yield Stretch(place, after, record)
        place = after


def find_record(file: int, header: Header, place: int) -> int:
    """Where the next whole record begins behind `place`, or all ends."""
    mark = GENERATION.pack(header.generation)
    behind = os.pread(file, header.end - place, place)
    found = behind.find(mark, 1)
    while found > 0 and read_record(file, header.generation, place + found) is None:
        found = behind.find(mark, found + 1)
    return place + found if found > 0 else header.end


def read_on(file: int, header: Header) -> Header:
    """The header with the records behind its end, which a crash kept it from counting. One that was cut off is not
    there."""
    end, waiting = header.end, header.waiting
    while (record := read_record(file, header.generation, end)) is not None:
        end += FRAME.size + len(record)
        waiting += 1
    return Header(header.generation, end, header.start, waiting, header.lost)
