"""A record read back gives the chart and the cards again, to the byte."""

import json
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from cds_service import __version__
from cds_service.app import Application
from cds_service.call import Asked, decide
from cds_service.chart.facts import Reason, Unknown
from cds_service.governance.replay import must_be_equal
from cds_service.presenting.audience import Reader
from cds_service.reasoning.evaluate import evaluate
from cds_service.record.canonical import canonical_bytes
from cds_service.record.decision import DecisionRecord
from cds_service.record.reading import UnreadableRecord, chart_of, read_record
from cds_service.trust.callers import local_caller
from tests.record.test_record import a_record
from tests.support.charts import NOW, a_chart, a_draft, not_sent

HERE = Path(__file__).resolve().parent
SAMPLES = sorted((HERE.parents[1] / "docs" / "samples").glob("*.json"))


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
    chart = chart_of(read)
    assert chart == record.chart
    reader = Reader.of(read.role, read.department, read.most_cards)
    asked = Asked(read.decision_id, read.hook, read.session, reader, read.memory)
    decided = decide(evaluate(release.index, chart), chart, release, asked)
    parts = {name: getattr(decided, name) for name in ("findings", "withheld", "cards", "scored", "quiet_models")}
    again = replace(record, chart=chart, **parts)
    assert canonical_bytes(again) == kept
    assert [json.loads(bytes(card)) for card in read.cards] == json.loads(msgspec.json.encode(record.cards))


def test_a_chart_read_back_tells_time_in_the_zone_of_the_site(application: Application) -> None:
    # An offset would not do: Vienna is at +01:00 in winter and at +02:00 in summer, and a card names dates of both.
    read = read_record(canonical_bytes(record_of(application, SAMPLES[0])))
    assert read.zone == "Europe/Vienna"
    assert chart_of(read).now.tzinfo == ZoneInfo("Europe/Vienna")


def test_a_record_holds_who_was_asked_for_and_the_digest_of_the_call(application: Application) -> None:
    read = read_record(canonical_bytes(record_of(application, SAMPLES[0])))
    sent = json.loads(SAMPLES[0].read_bytes())
    assert read.session.patient_id == sent["context"]["patientId"]
    assert read.user_id == sent["context"]["userId"]
    assert len(read.body_sha256) == 64
    drafts = [entry["resource"] for entry in sent["context"]["draftOrders"]["entry"]]
    assert [json.loads(drug.original) for drug in chart_of(read).orders.items] == drafts


def test_a_draft_is_kept_blank_for_blank_as_it_was_received() -> None:
    received = b'{"resourceType": "MedicationRequest",\n  "id":"d1", "note":[ {"text":"\xc3\xa4"} ]}'
    chart = a_chart(orders=(msgspec.structs.replace(a_draft("warfarin"), original=received), a_draft("digoxin")))
    kept = canonical_bytes(a_record(chart=chart))
    assert received in kept
    assert chart_of(read_record(kept)).orders == chart.orders


def test_an_unknown_fact_comes_back_with_its_reason_its_words_and_its_date() -> None:
    dated = Unknown(Reason.TOO_OLD, "creatinine of 3 Mar 2020", NOW)
    chart = a_chart(creatinine=dated, inr=not_sent(), weight=Unknown(Reason.NOT_RECORDED, "weight not recorded"))
    kept = canonical_bytes(a_record(chart=chart))
    assert json.loads(kept)["chart"]["unknown"] == {
        "not recorded": {"weight": "weight not recorded"},
        "not sent": {"inr": ""},
    }
    assert chart_of(read_record(kept)).values == chart.values


def test_a_record_of_the_first_form_is_read() -> None:
    """`form-1.json` was written before there was another form: one rule fires, one is undetermined, one is silent."""
    read = read_record((HERE / "form-1.json").read_bytes())
    assert [(each.rule, each.outcome) for each in read.findings] == [
        ("warfarin-nsaid", "fires"),
        ("metformin", "undetermined"),
    ]
    (order,) = chart_of(read).orders.items
    assert read.silent == {order.reference: {"quiet": "1.0.0"}}
    assert order.original == b'{"resourceType": "MedicationRequest", "id": "d1"}'
    assert chart_of(read).values["creatinine"] == Unknown(Reason.TOO_OLD, "creatinine of 3 Mar 2020")


def test_equal_bytes_are_promised_of_records_of_this_form_only() -> None:
    first = read_record((HERE / "form-1.json").read_bytes())
    now = read_record(canonical_bytes(a_record(code_version=__version__)))
    same_code = msgspec.structs.replace(first, code_version=__version__)
    assert [must_be_equal(each) for each in (first, same_code, now)] == [False, False, True]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b'{"codec":99}', "codec: found 99, expected 2"), (b"{", "record: "), (b'{"codec":1}', "missing required field")],
)
def test_bytes_of_another_form_are_refused(content: bytes, says: str) -> None:
    with pytest.raises(UnreadableRecord, match=says):
        read_record(content)
