"""A chart that is opened gets a review of the medication, and an order one card for what is to be decided."""

import pytest

from cds_service.chart.facts import Known
from cds_service.hooks.response import Card
from cds_service.knowledge.rules import Indicator, Rule, Severity
from cds_service.presenting.choose import choose
from cds_service.presenting.compose import compose
from cds_service.reasoning.findings import Finding
from tests.presenting.findings import DECISION, a_finding, a_release, a_spoken_rule
from tests.support.charts import a_chart, a_draft, a_drug, number

NAPROXEN, WARFARIN, METFORMIN, LISINOPRIL = (
    a_drug(name) for name in ("naproxen", "warfarin", "metformin", "lisinopril")
)
IBUPROFEN, CELECOXIB = a_draft("ibuprofen"), a_draft("celecoxib")
CHART = a_chart(medications=(NAPROXEN, WARFARIN, METFORMIN, LISINOPRIL), egfr=number(24, "mL/min/{1.73_m2}"))

bleeding = a_finding(a_spoken_rule(), NAPROXEN, WARFARIN)
renal = a_finding(
    a_spoken_rule("metformin-egfr", problem="renal-dosing", family="renal", because="{{ this.name }}: eGFR below 30"),
    METFORMIN,
)
pressure = a_finding(
    a_spoken_rule("low-pressure", problem="hypotension", family="age", because="{{ this.name }}: low pressure"),
    LISINOPRIL,
    indicator=Indicator.INFO,
)
twice = a_finding(a_spoken_rule("two", problem="duplicate-therapy", family="duplicate"), NAPROXEN, LISINOPRIL)
stop = a_finding(
    a_spoken_rule("stop", problem="hypotension", severity=Severity.CONTRAINDICATED, indicator=Indicator.CRITICAL),
    METFORMIN,
    WARFARIN,
)


def cards(*findings: Finding, hook: str = "patient-view") -> tuple[Card, ...]:
    release = a_release({"patient-view": 2}, review_hooks=frozenset({"patient-view"}))
    shown, withheld = choose(findings, CHART, release, hook)
    assert withheld == ()
    return compose(shown, CHART, release, DECISION)


def rules_on(card: Card) -> list[str]:
    assert card.extension is not None
    return [finding["rule"] for finding in card.extension["org.cds-service"]["findings"]]


def test_two_problems_keep_their_own_cards() -> None:
    assert [card.source.topic.code for card in cards(bleeding, renal) if card.source.topic] == [
        "metformin-egfr",
        "warfarin-nsaid",
    ]


def test_more_problems_are_one_review_that_names_them_in_order() -> None:
    (card,) = cards(bleeding, renal, pressure)
    assert card.summary == (
        "Medication review: dosing in reduced kidney function (metformin); bleeding risk; severe fall in blood pressure"
    )
    assert card.indicator == "warning"
    assert rules_on(card) == ["metformin-egfr", "warfarin-nsaid", "low-pressure"]


def test_a_review_says_each_problem_with_what_to_do() -> None:
    (card,) = cards(bleeding, renal, pressure)
    assert card.detail is not None
    assert card.detail.startswith(
        "**Dosing in reduced kidney function (warning)**\n"
        "\n"
        "- Metformin: eGFR below 30\n"
        "  - What to do: Avoid; acetaminophen instead.\n"
        "\n"
        "**Bleeding risk (warning)**\n"
        "\n"
        "- Naproxen adds bleeding risk to warfarin\n"
        "  - How serious: Major: bleeding risk. No fact of the patient changes it.\n"
        "  - Why: The NSAID inhibits platelets.\n"
        "  - What to do: Avoid; acetaminophen instead.\n"
    )
    assert "**Severe fall in blood pressure (info)**" in card.detail


def test_a_leading_critical_problem_keeps_its_own_card() -> None:
    first, second = cards(bleeding, renal, twice, stop)
    assert (first.indicator, rules_on(first)) == ("critical", ["stop"])
    assert rules_on(second) == ["metformin-egfr", "two", "warfarin-nsaid"]


def test_a_second_critical_problem_is_named_first_on_the_review() -> None:
    also = a_finding(
        a_spoken_rule(
            "stop-too", problem="renal-dosing", severity=Severity.CONTRAINDICATED, indicator=Indicator.CRITICAL
        ),
        LISINOPRIL,
        WARFARIN,
    )
    _, review = cards(bleeding, twice, stop, also)
    assert (
        review.summary == "Medication review: lisinopril with warfarin: bleeding risk; duplicate therapy; bleeding risk"
    )
    assert review.indicator == "critical"


def test_findings_of_one_problem_stand_together_on_a_review() -> None:
    other = a_finding(renal.rule, LISINOPRIL)
    (card,) = cards(bleeding, renal, other, pressure)
    assert (card.detail or "").count("**Dosing in reduced kidney function") == 1
    assert "- Lisinopril and metformin: eGFR below 30\n" in (card.detail or "")


def test_a_review_does_not_name_lists_that_hold_nothing_of_the_kind() -> None:
    nothing: Known[tuple[str, ...]] = Known(())
    looked = a_finding(pressure.rule, LISINOPRIL, used={"conditions": nothing}, indicator=Indicator.INFO)
    (card,) = cards(bleeding, renal, looked)
    assert "nothing relevant found" not in (card.detail or "")


def test_where_orders_are_signed_nothing_is_reviewed() -> None:
    assert len(cards(bleeding, renal, pressure, hook="order-sign")) == 3


quiet_kidney = a_finding(
    a_spoken_rule("nsaid-kidney", problem="hypotension", because="{{ a.name }} strains the kidney"),
    IBUPROFEN,
    LISINOPRIL,
    indicator=Indicator.INFO,
)


def signed(*findings: Finding) -> tuple[Card, ...]:
    chart = a_chart(orders=(IBUPROFEN, CELECOXIB), medications=(WARFARIN, LISINOPRIL))
    shown, withheld = choose(findings, chart, a_release(), "order-sign")
    assert withheld == ()
    return compose(shown, chart, a_release(), DECISION)


def test_a_quiet_finding_about_an_order_is_a_line_on_the_urgent_card_about_it() -> None:
    (card,) = signed(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN), quiet_kidney)
    assert card.summary == "ibuprofen with warfarin: bleeding risk"
    assert card.detail is not None
    assert "**Also**\n\n- Ibuprofen strains the kidney. Avoid; acetaminophen instead.\n\nSource" in card.detail
    assert "and nsaid-kidney 1.0.0, not yet reviewed" in card.detail
    assert rules_on(card) == ["warfarin-nsaid", "nsaid-kidney"]


@pytest.mark.parametrize(
    "urgent",
    [
        a_finding(a_spoken_rule(), CELECOXIB, WARFARIN),
        a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, indicator=Indicator.INFO),
    ],
    ids=["another order", "a card no more urgent"],
)
def test_a_quiet_finding_without_an_urgent_card_about_its_order_has_its_own(urgent: Finding) -> None:
    assert len(signed(urgent, quiet_kidney)) == 2


@pytest.mark.parametrize(
    "rule",
    [
        a_spoken_rule("allergy", problem="hypotension", family="allergy"),
        a_spoken_rule("contraindicated", problem="hypotension", severity=Severity.CONTRAINDICATED),
    ],
    ids=lambda rule: rule.id,
)
def test_an_allergy_and_a_contraindication_keep_their_cards(rule: Rule) -> None:
    own = a_finding(rule, IBUPROFEN, LISINOPRIL, indicator=Indicator.INFO)
    assert len(signed(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN), own)) == 2
