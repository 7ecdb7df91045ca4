"""A kept record, read back: all that choosing and composing the cards anew needs, and what came out then."""

from zoneinfo import ZoneInfo

import msgspec

from cds_service.errors import CdsError
from cds_service.record.stored import CODEC, StoredRecord

DECODER = msgspec.json.Decoder(StoredRecord)


class WhichCodec(msgspec.Struct, frozen=True):
    codec: int


class UnreadableRecord(CdsError):
    """The bytes are not a record that this code can read."""


def read_record(content: bytes) -> StoredRecord:
    """The record of these canonical bytes, its chart in the site's time zone. Raises `UnreadableRecord`."""
    try:
        record = DECODER.decode(content)
    except msgspec.DecodeError as error:
        raise UnreadableRecord(f"record: {other_codec(content) or error}") from None
    if record.codec != CODEC:
        raise UnreadableRecord(f"record: {other_codec(content)}")
    chart = msgspec.structs.replace(record.chart, now=record.chart.now.astimezone(ZoneInfo(record.zone)))
    return msgspec.structs.replace(record, chart=chart)


def other_codec(content: bytes) -> str:
    """What is wrong with bytes of another form; empty when their form is not what is wrong."""
    try:
        codec = msgspec.json.decode(content, type=WhichCodec).codec
    except msgspec.DecodeError:
        return ""
    return f"codec: found {codec}, expected {CODEC}" if codec != CODEC else ""
