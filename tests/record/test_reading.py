"""A record read back gives the chart and the cards again, to the byte."""

import json
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from cds_service.app import Application
from cds_service.call import Asked, decide
from cds_service.presenting.audience import Reader
from cds_service.reasoning.evaluate import evaluate
from cds_service.record.canonical import canonical_bytes
from cds_service.record.decision import DecisionRecord
from cds_service.record.reading import UnreadableRecord, read_record
from cds_service.trust.callers import local_caller

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "docs" / "samples").glob("*.json"))


def record_of(application: Application, path: Path, zone: str = "Europe/Vienna") -> DecisionRecord:
    """The record of one sample call at a site in `zone`."""
    records: list[DecisionRecord] = []
    settings = application.settings.model_copy(update={"timezone": zone})
    site = replace(application, settings=settings, write=lambda record, _: records.append(record))
    body = path.read_bytes()
    hook = json.loads(body)["hook"]
    service = next(service for service in site.release.services if service.hook == hook)
    site.answer(body, service, local_caller("test"))
    return records[0]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_record_read_back_gives_the_same_chart_findings_and_cards(application: Application, path: Path) -> None:
    record = record_of(application, path)
    kept = canonical_bytes(record)
    read = read_record(kept)
    release = application.release
    assert read.chart == record.chart
    reader = Reader.of(read.role, read.department, read.most_cards)
    asked = Asked(read.decision_id, read.hook, read.session, reader, read.memory)
    decided = decide(evaluate(release.index, read.chart), read.chart, release, asked)
    parts = {name: getattr(decided, name) for name in ("findings", "withheld", "cards", "scored", "quiet_models")}
    again = replace(record, chart=read.chart, **parts)
    assert canonical_bytes(again) == kept
    assert [json.loads(bytes(card)) for card in read.cards] == json.loads(msgspec.json.encode(record.cards))


def test_a_chart_read_back_tells_time_in_the_zone_of_the_site(application: Application) -> None:
    # An offset would not do: Vienna is at +01:00 in winter and at +02:00 in summer, and a card names dates of both.
    read = read_record(canonical_bytes(record_of(application, SAMPLES[0])))
    assert read.zone == "Europe/Vienna"
    assert read.chart.now.tzinfo == ZoneInfo("Europe/Vienna")


def test_a_record_holds_who_was_asked_for_and_the_digest_of_the_call(application: Application) -> None:
    read = read_record(canonical_bytes(record_of(application, SAMPLES[0])))
    sent = json.loads(SAMPLES[0].read_bytes())
    assert read.session.patient_id == sent["context"]["patientId"]
    assert read.user_id == sent["context"]["userId"]
    assert len(read.body_sha256) == 64
    assert any(drug.original for drug in read.chart.orders.items)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b'{"codec":99}', "codec: found 99, expected 1"), (b"{", "record: "), (b'{"codec":1}', "missing required field")],
)
def test_bytes_of_another_form_are_refused(content: bytes, says: str) -> None:
    with pytest.raises(UnreadableRecord, match=says):
        read_record(content)
