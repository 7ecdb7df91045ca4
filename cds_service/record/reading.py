"""A kept record, read back: all that choosing and composing the cards anew needs, and what came out then."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import msgspec

from cds_service.chart.chart import Chart
from cds_service.errors import CdsError
from cds_service.reasoning.findings import Outcome
from cds_service.record.charts import open_chart
from cds_service.record.stored import CODEC, READABLE, Silent, StoredFinding, StoredRecord

DECODER = msgspec.json.Decoder(StoredRecord)


class WhichCodec(msgspec.Struct, frozen=True):
    codec: int


class UnreadableRecord(CdsError):
    """The bytes are not a record that this code can read."""


def read_record(content: bytes) -> StoredRecord:
    """The record of these canonical bytes. Raises `UnreadableRecord`."""
    try:
        record = DECODER.decode(content)
    except msgspec.DecodeError as error:
        raise UnreadableRecord(f"record: {other_codec(content) or error}") from None
    if record.codec not in READABLE:
        raise UnreadableRecord(f"record: {other_codec(content)}")
    return record if record.codec == CODEC else part_silent(record)


def part_silent(record: StoredRecord) -> StoredRecord:
    """A record of form 1 with its silent rules apart from the other findings."""
    return msgspec.structs.replace(
        record,
        findings=tuple(each for each in record.findings if each.outcome != Outcome.SILENT),
        silent=silent_in(record.findings),
        beside=tuple(each for each in record.beside if each.outcome != Outcome.SILENT),
        silent_beside=silent_in(record.beside),
    )


def silent_in(findings: Iterable[StoredFinding]) -> Silent:
    silent: dict[str, dict[str, str]] = {}
    for finding in findings:
        if finding.outcome == Outcome.SILENT:
            drugs = sorted(bound.drug for bound in finding.bindings.values())
            silent.setdefault("|".join(drugs), {})[finding.rule] = finding.version
    return silent


def chart_of(record: StoredRecord) -> Chart:
    """The chart of a record, as it was read, in the site's time zone."""
    return open_chart(record.chart, ZoneInfo(record.zone))


def other_codec(content: bytes) -> str:
    """What is wrong with bytes of another form; empty when their form is not what is wrong."""
    try:
        codec = msgspec.json.decode(content, type=WhichCodec).codec
    except msgspec.DecodeError:
        return ""
    return f"codec: found {codec}, expected {CODEC}" if codec not in READABLE else ""
