"""What the store keeps of a decision: the record itself, and beside it nothing that a client wrote freely."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service.chart.facts import Items, Reason, Unrecognised
from cds_service.hooks.response import Card, CardSource, Coding
from cds_service.presenting.groups import Withheld
from cds_service.reasoning.findings import Missing, Outcome
from cds_service.record.canonical import canonical_bytes
from cds_service.record.reading import UnreadableRecord
from cds_service.recording import entry_of, name_role, topics_of, who_of
from tests.presenting.findings import a_finding, a_spoken_rule
from tests.record.test_record import FIRED, IBUPROFEN, OPEN, WARFARIN, a_record
from tests.support.charts import a_chart, a_draft


def test_each_finding_that_fired_stands_with_its_card_or_why_it_has_none() -> None:
    withheld = a_finding(a_spoken_rule("quiet"), IBUPROFEN)
    named = {
        "rule": FIRED.rule.id,
        "version": FIRED.rule.version,
        "subjects": sorted((IBUPROFEN.reference, WARFARIN.reference)),
    }
    card = Card(
        uuid="card-1",
        summary="s",
        indicator="warning",
        source=CardSource(label="l"),
        extension={"org.cds-service": {"findings": [named]}},
    )
    record = a_record(FIRED, withheld, OPEN, cards=(card,), withheld=(Withheld(withheld, "over the cap"),))
    shown, kept_back = entry_of(record).fired
    assert (shown.rule, shown.card, shown.reason, shown.grade) == ("warfarin-nsaid", "card-1", "", 0)
    assert shown.ingredients == ("ibuprofen", "warfarin")
    assert (kept_back.rule, kept_back.card, kept_back.reason) == ("quiet", None, "over the cap")


def test_the_drafts_for_a_drug_that_a_call_is_about_are_counted() -> None:
    """At order-sign all of them; at order-select the selected ones, and those that nobody recognised, for they may be
    the ones selected; an opened chart has none, which is not the same as 0."""
    selected, other = a_draft("ibuprofen", reference="A"), a_draft("warfarin", reference="B", selected=False)
    chart = a_chart(orders=(selected, other), medications=(WARFARIN,), unrecognised={"orders": ["tea", "tea two"]})
    parts_of_a = Items((selected, other), (Unrecognised("zinc", "A"),), complete=True, reason=None)
    charts = {
        4: replace(chart, hook="order-sign"),
        3: replace(chart, hook="order-select"),
        2: replace(chart, hook="order-sign", orders=parts_of_a),
        0: a_chart(hook="order-sign"),
    }
    assert [a_record(chart=each).orders for each in charts.values()] == list(charts)
    assert a_record(chart=replace(chart, hook="patient-view")).orders is None
    assert a_record(chart=replace(chart, hook="encounter-discharge")).orders is None


def test_the_number_of_orders_stands_beside_the_record() -> None:
    assert entry_of(a_record(FIRED)).orders == 1  # ibuprofen; the warfarin is on the list already


def test_what_was_not_recognised_is_not_quoted_beside_the_record() -> None:
    open_ = a_finding(
        a_spoken_rule("metformin"),
        IBUPROFEN,
        outcome=Outcome.UNDETERMINED,
        missing=(Missing("drug", "Mrs Doe's tea", Reason.UNRECOGNISED), Missing("value", "egfr", Reason.NOT_SENT)),
    )
    entry = entry_of(a_record(open_))
    assert entry.reached["missing"] == ("drug: unrecognised", "value egfr: not sent")
    assert entry.reached["undetermined"] == ("metformin",)


@pytest.mark.parametrize(
    ("role", "user", "named"),
    [
        (None, "Practitioner/123", "Practitioner"),
        (None, "https://ehr.example.org/fhir/PractitionerRole/9", "PractitionerRole"),
        (None, "Doe, Jane", ""),
        (None, None, ""),
        (" Nurse ", "Practitioner/123", "nurse"),
        (" Ward Pharmacist ", "Practitioner/123", "ward pharmacist"),
        ("Jane Doe 1970-01-01", "Practitioner/123", "other"),
        ("dr jane doe", "Practitioner/123", "other"),
    ],
)
def test_a_role_is_one_that_the_site_names_or_a_common_one_or_the_type_of_the_user(
    role: str | None, user: str | None, named: str
) -> None:
    assert name_role(role, user, frozenset({"ward pharmacist"})) == named


def test_whom_a_record_is_about_is_read_as_it_was_hashed() -> None:
    record = a_record(OPEN, FIRED, user_id="Practitioner/1", beside=(FIRED,))
    entry = entry_of(record)
    who = who_of(canonical_bytes(record))
    assert (who.patient_id, who.user_id) == (entry.patient_id, entry.user_id) == ("P1", "Practitioner/1")
    assert [sorted(set(each)) for each in who.ingredients] == [list(fired.ingredients) for fired in entry.fired]


def a_card(uuid: str, code: str, *findings: str) -> Card:
    said: dict[str, Any] = {"findings": [{"rule": rule, "version": "1"} for rule in findings]} if findings else {}
    source = CardSource(label="l", topic=Coding(code=code, system="s", display="d"))
    return Card(uuid=uuid, summary="s", indicator="info", source=source, extension={"org.cds-service": said})


def test_what_cards_are_about_is_read_from_the_record_as_it_stood_beside_it() -> None:
    cards = (
        a_card("1", "warfarinZnsaidX5640X11289", "warfarin-nsaid", "raas-nsaid"),
        a_card("2", "prevent-base-10y", "prevent-base-10y"),
        a_card("3", "more", "duplicate-nsaid"),
        a_card("4", "notZchecked"),
    )
    record = a_record(FIRED, cards=cards)
    about = {"1": "warfarin-nsaid", "2": "prevent-base-10y", "3": "more", "4": "notZchecked"}
    assert topics_of(canonical_bytes(record)) == entry_of(record).topics == about


@pytest.mark.parametrize("read", [who_of, topics_of])
def test_bytes_that_are_no_record_say_so(read: Callable[[bytes], object]) -> None:
    with pytest.raises(UnreadableRecord, match="record: "):
        read(b"{}")
