import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Dose, Drug
from cds_service.chart.facts import Known, Reason, Source
from cds_service.hooks.response import Card, HookResponse
from cds_service.knowledge.release import ProblemKind
from cds_service.knowledge.rules import CardText, Evidence, Indicator, Severity
from cds_service.presenting.choose import choose
from cds_service.presenting.compose import compose
from cds_service.presenting.groups import Group, Shown, Unchecked
from cds_service.presenting.session import Dialect, Session
from cds_service.presenting.summary import summarise, summarise_unchecked
from cds_service.presenting.topics import topic_code
from cds_service.reasoning.findings import Finding, Missing, Outcome
from tests.presenting.findings import DECISION, SYSTEM, a_finding, a_release, a_spoken_rule
from tests.support.charts import NOW, a_chart, a_draft, a_drug, a_grade, a_line, number
from tests.support.schemas import problems

IBUPROFEN = a_draft("ibuprofen 600 MG Oral Tablet", "ibuprofen", dose=Dose(text="1 tablet 3 times daily"))
WARFARIN = a_drug("warfarin sodium 5 MG Oral Tablet", "warfarin")
APIXABAN = a_drug("apixaban 5 MG Oral Tablet", "apixaban")
CHART = a_chart(orders=(IBUPROFEN,), medications=(WARFARIN, APIXABAN), inr=number(4.8, "{INR}", days_ago=3))
HIGH_INR = a_grade(a_line("inr", "above", 4.0, unit="{INR}"), "critical", "The INR is already above 4.")
LOW_RISK = a_grade(a_line("age", "below", 65.0, unit="a"), "info", "No further risk factor.")


def cards(*findings: Finding, chart: Chart = CHART, caps: dict[str, int] | None = None) -> tuple[Card, ...]:
    """The cards for some findings; whatever comes out is valid against the schema and has no empty member."""
    release = a_release(caps)
    shown, _ = choose(findings, chart, release, "order-sign")
    made = compose(shown, chart, release, DECISION)
    body = HookResponse(cards=made).encode()
    assert problems("response", body) == []
    assert not re.search(rb':(null|""|\[\]|\{\})', body.replace(b'"cards":[]', b""))
    assert all(len(card.summary) < 140 for card in made)
    return made


def detail(*findings: Finding, **more: Any) -> str:
    return cards(*findings, **more)[0].detail or ""


def test_nothing_to_say_gives_no_cards() -> None:
    assert cards() == ()


def test_a_single_finding_is_a_card_in_its_rules_own_words() -> None:
    finding = a_finding(
        a_spoken_rule(grades=(HIGH_INR,)),
        IBUPROFEN,
        WARFARIN,
        indicator=Indicator.CRITICAL,
        grade=HIGH_INR,
        used={"inr": CHART.value("inr")},
    )
    (card,) = cards(finding)
    assert card.summary == "ibuprofen 600 MG Oral Tablet with warfarin sodium 5 MG Oral Tablet: bleeding risk"
    assert card.indicator == "critical"
    assert card.detail == (
        "Ibuprofen 600 MG Oral Tablet adds bleeding risk to warfarin sodium 5 MG Oral Tablet.\n"
        "\n"
        "The INR is already above 4.\n"
        "\n"
        "**How serious:** Major: bleeding risk. Weighed: INR.\n"
        "\n"
        "**Why:** The NSAID inhibits platelets.\n"
        "\n"
        "**This patient**\n"
        "\n"
        "- Ibuprofen 600 MG Oral Tablet, 1 tablet 3 times daily (being ordered now)\n"
        "- Warfarin sodium 5 MG Oral Tablet (on the list)\n"
        "- INR 4.8 (17 Nov 2026, 3 days ago)\n"
        "\n"
        "**What to do:** Avoid; acetaminophen instead.\n"
        "\n"
        "Source: [FDA warfarin label, section 7.3](https://example.org/label) (moderate). "
        "Rule warfarin-nsaid 1.0.0, not yet reviewed by a pharmacist."
    )


@pytest.mark.requirement("CH-114", "CH-115", "CH-116")
@pytest.mark.requirement("CH-118")
@pytest.mark.requirement("CH-123")
def test_a_card_says_whose_knowledge_it_is_and_which_orders_it_is_about() -> None:
    (card,) = cards(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN))
    assert (card.source.label, card.source.url) == ("Medication safety service", "https://cds-service.example")
    assert card.source.topic is not None
    assert card.source.topic.system == "https://cds-service.example/knowledge"
    assert (card.source.topic.code, card.source.topic.display) == ("warfarin-nsaid", "Warfarin with an NSAID")
    assert card.extension == {
        "org.cds-service": {
            "decision": DECISION,
            "findings": [
                {"rule": "warfarin-nsaid", "version": "1.0.0", "subjects": [IBUPROFEN.reference, WARFARIN.reference]}
            ],
        }
    }


@pytest.mark.requirement("CH-110")
def test_uuids_follow_from_the_decision_and_the_group() -> None:
    finding = a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN)
    key = f"bleeding|{IBUPROFEN.reference}|{WARFARIN.reference}"
    assert cards(finding)[0].uuid == str(uuid5(UUID(DECISION), key))
    assert cards(finding) == cards(finding)
    release = a_release()
    shown, _ = choose((finding,), CHART, release, "order-sign")
    other = compose(shown, CHART, release, "3f0b7a52-6d8e-4c57-9a51-2f5de0c0a002")
    assert other[0].uuid != cards(finding)[0].uuid


@pytest.mark.requirement("CH-121")
def test_override_reasons_are_the_union_each_once_with_its_display() -> None:
    second = a_spoken_rule("doac-nsaid", card=CardText("s", "d", ("dose-adjusted", "monitoring-arranged")))
    (card,) = cards(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN), a_finding(second, IBUPROFEN, APIXABAN))
    assert [(reason.code, reason.system, reason.display) for reason in card.override_reasons] == [
        ("dose-adjusted", SYSTEM, "Dose adjusted"),
        ("monitoring-arranged", SYSTEM, "Monitoring arranged"),
        ("benefit-outweighs-risk", SYSTEM, "Benefit outweighs risk"),
    ]


def test_several_findings_of_one_problem_share_a_card() -> None:
    second = a_spoken_rule(
        "doac-nsaid",
        title="DOAC with an NSAID",
        mechanism="Both impair clotting.",
        management="",
        reviewer="A. Colleague",
    )
    (card,) = cards(
        a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, grade=HIGH_INR, indicator=Indicator.CRITICAL),
        a_finding(second, IBUPROFEN, APIXABAN),
    )
    assert card.summary == (
        "ibuprofen 600 MG Oral Tablet + warfarin sodium 5 MG Oral Tablet + apixaban 5 MG Oral Tablet"
        ": bleeding risk adds up"
    )
    assert card.indicator == "critical"
    assert card.detail is not None
    what, serious, why, rest = re.split(r"\n\n(?=\*\*How serious|\*\*Why|\*\*This)", card.detail)
    assert what == (
        "- Ibuprofen 600 MG Oral Tablet adds bleeding risk to warfarin sodium 5 MG Oral Tablet. "
        "The INR is already above 4.\n"
        "- Ibuprofen 600 MG Oral Tablet adds bleeding risk to apixaban 5 MG Oral Tablet"
    )
    assert serious == "**How serious:** Major: bleeding risk. No fact of the patient changes it."
    assert why == (
        "**Why**\n\n"
        "- Warfarin with an NSAID: The NSAID inhibits platelets.\n"
        "- DOAC with an NSAID: Both impair clotting."
    )
    assert rest.count("600 MG") == 1
    assert "**What to do:** Avoid; acetaminophen instead." in rest
    assert "Rule doac-nsaid 1.0.0, reviewed by A. Colleague." in rest


def test_four_drugs_are_two_names_and_a_count_when_three_do_not_fit() -> None:
    drugs = [a_draft(f"a drug with the number {n} and quite a long name to it", f"d{n}") for n in range(4)]
    chart = a_chart(orders=drugs)
    rules = [a_finding(a_spoken_rule(f"r{n}"), drugs[n], drugs[n + 1]) for n in range(3)]
    assert cards(*rules, chart=chart)[0].summary == (
        "a drug with the number 0 and quite a long name to it + a drug with the number 1 and quite a long name to it"
        " + 2 more: bleeding risk adds up"
    )


def test_a_contraindication_leads_its_card_and_is_named_in_the_summary() -> None:
    worst = a_spoken_rule(
        "doac-twice",
        severity=Severity.CONTRAINDICATED,
        indicator=Indicator.CRITICAL,
        card=CardText("{{ a.name }} with {{ b.name }}: contraindicated", "d"),
    )
    (card,) = cards(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN), a_finding(worst, WARFARIN, APIXABAN))
    assert card.summary == (
        "warfarin sodium 5 MG Oral Tablet with apixaban 5 MG Oral Tablet: contraindicated (and 1 more)"
    )
    assert (card.detail or "").startswith("- Contraindicated: warfarin sodium")
    assert card.source.topic is not None
    assert card.source.topic.code == "doac-twice"


def test_a_contraindication_that_says_so_is_not_told_so_twice() -> None:
    rule = a_spoken_rule(severity=Severity.CONTRAINDICATED, because="{{ a.name }} is contraindicated here")
    (card,) = cards(a_finding(rule, IBUPROFEN, WARFARIN), a_finding(a_spoken_rule("b"), IBUPROFEN, APIXABAN))
    assert (card.detail or "").startswith("- Ibuprofen 600 MG Oral Tablet is contraindicated here\n")


def test_what_was_not_known_is_named_with_what_it_could_change() -> None:
    missing = (
        Missing("value", "inr", Reason.NOT_RECORDED),
        Missing("value", "a.single_dose", Reason.MALFORMED),
        Missing("value", "age", Reason.NOT_RECORDED),
        Missing("list", "conditions", Reason.NOT_SENT),
    )
    more = a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, missing=missing, skipped_grades=(LOW_RISK, HIGH_INR))
    assert (
        "**How sure**\n\n"
        "- INR, age not recorded; could be more urgent\n"
        "- Ibuprofen single dose could not be read; could be more urgent\n"
        "- The problem list was not sent; could be more urgent\n"
    ) in detail(more)
    less = replace(more, skipped_grades=(LOW_RISK,))
    assert "- INR, age not recorded; could be less urgent\n" in detail(less)
    same = replace(more, skipped_grades=())
    assert "- INR, age not recorded\n" in detail(same)


def test_what_is_missing_for_two_findings_is_said_once_with_all_it_could_change() -> None:
    missing = (Missing("value", "inr", Reason.NOT_RECORDED, "INR not recorded"),)
    more = a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, missing=missing, skipped_grades=(HIGH_INR,))
    less = a_finding(a_spoken_rule("b"), IBUPROFEN, APIXABAN, missing=missing, skipped_grades=(LOW_RISK,))
    (card,) = cards(more, less)
    assert (card.detail or "").count("INR not recorded") == 1
    assert "- INR not recorded; could be more or less urgent\n" in (card.detail or "")


def test_values_not_recorded_share_a_line_however_the_chart_says_it() -> None:
    missing = tuple(
        Missing("value", name, Reason.NOT_RECORDED, said)
        for name, said in (("inr", "INR not recorded"), ("potassium", "potassium not recorded"), ("age", ""))
    )
    text = detail(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, missing=missing))
    assert "- INR, potassium, age not recorded\n" in text


def test_a_bound_that_settles_nothing_is_said_once() -> None:
    missing = (Missing("value", "a.daily_dose", Reason.NOT_RECORDED, "only known to be at least 600 mg/d"),)
    used = {"a.daily_dose": Known(600.0, "mg/d", at_least=True)}
    text = detail(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, missing=missing, used=used))
    assert text.count("at least 600 mg/d") == 1
    assert "- Ibuprofen daily dose of this product only known to be at least 600 mg/d\n" in text


def test_a_value_computed_from_measurements_of_two_days_names_both_days() -> None:
    formula = "Cockcroft-Gault, actual weight 70 kg"
    chart = a_chart(
        orders=(IBUPROFEN,),
        medications=(WARFARIN,),
        creatinine=number(1.1, "mg/dL", days_ago=3),
        weight=number(70, "kg", days_ago=90),
        crcl=Known(60.0, "mL/min", as_of=NOW - timedelta(days=90), formula=formula),
    )
    finding = a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, used={"crcl": chart.value("crcl")})
    (card,) = cards(finding, chart=chart)
    assert (
        "- Creatinine clearance (Cockcroft-Gault, actual weight 70 kg) 60 mL/min"
        " (creatinine of 17 Nov 2026, 3 days ago; weight of 22 Aug 2026, 3 months ago)\n"
    ) in (card.detail or "")


def test_several_rules_have_their_sources_in_a_list_each_evidence_once() -> None:
    other = Evidence("FDA apixaban label", "", "low")
    (card,) = cards(
        a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN),
        a_finding(a_spoken_rule("doac-nsaid", evidence=(other,)), IBUPROFEN, APIXABAN),
        a_finding(a_spoken_rule("doac-twice", evidence=(other,)), IBUPROFEN, APIXABAN),
    )
    assert (card.detail or "").endswith(
        "**Sources** (rules not yet reviewed by a pharmacist)\n\n"
        "- [FDA warfarin label, section 7.3](https://example.org/label) (moderate). Rule warfarin-nsaid 1.0.0.\n"
        "- FDA apixaban label (low). Rules doac-nsaid 1.0.0 and doac-twice 1.0.0."
    )


def test_among_reviewed_rules_each_says_by_whom() -> None:
    reviewed = a_spoken_rule("doac-nsaid", reviewer="A. Colleague")
    (card,) = cards(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN), a_finding(reviewed, IBUPROFEN, APIXABAN))
    assert "Rule doac-nsaid 1.0.0, reviewed by A. Colleague.\n" in (card.detail or "")
    assert (card.detail or "").endswith("Rule warfarin-nsaid 1.0.0, not yet reviewed by a pharmacist.")


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("is above 40 mg a day", "are above 40 mg a day"),
        ("needs a lower dose", "need a lower dose"),
        ("may prolong QT", "may prolong QT"),
        ("with raised overdose risk", "with raised overdose risk"),
    ],
)
def test_what_is_said_of_one_drug_is_said_of_several_in_the_plural(one: str, several: str) -> None:
    rule = a_spoken_rule(family="dose", because="{{ this.name }} " + one)
    findings = (a_finding(rule, IBUPROFEN), a_finding(rule, WARFARIN))
    (card,) = cards(*findings)
    names = "Ibuprofen 600 MG Oral Tablet and warfarin sodium 5 MG Oral Tablet"
    assert (card.detail or "").startswith(f"- {names} {several}\n")


def test_a_list_is_not_empty_and_full_on_one_card() -> None:
    looked = a_finding(a_spoken_rule("a"), IBUPROFEN, used={"conditions": Known(("Dementia",))})
    other = a_finding(a_spoken_rule("b"), IBUPROFEN, used={"conditions": Known(())})
    assert "Problem list: read, nothing relevant found" in detail(other)
    (card,) = cards(looked, other)
    assert "Problem list: Dementia\n" in (card.detail or "")
    assert "nothing relevant found" not in (card.detail or "")


def test_a_sum_over_the_drugs_of_the_moment_has_no_date() -> None:
    long_ago = Known(167.0, "mg/d", as_of=NOW - timedelta(days=4000))
    text = detail(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, used={"mme_daily": long_ago}))
    assert "- Opioid dose in morphine milligram equivalents 167 mg/d\n" in text


def test_a_title_with_a_colon_leads_into_its_text_with_a_full_stop() -> None:
    overdue = a_spoken_rule("overdue", title="Overdue: sodium", management="Order sodium.")
    (card,) = cards(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN), a_finding(overdue, IBUPROFEN, APIXABAN))
    assert "- Overdue: sodium. Order sodium.\n" in (card.detail or "")


def test_what_was_assumed_and_what_was_lowered_is_said() -> None:
    text = detail(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, assumed=("assumed: not comfort care",), lowered=True))
    assert "- Assumed: not comfort care\n" in text
    assert "- Shown one step less urgent because the same treatment is renewed unchanged" in text


def test_what_is_assumed_both_ways_is_not_known() -> None:
    both = ("pregnant: assumed yes (not recorded)", "age: assumed no (not sent)", "pregnant: assumed no (not recorded)")
    text = detail(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, assumed=both))
    assert "- Pregnant: not recorded\n" in text
    assert "- Age: assumed no (not sent)\n" in text
    assert "Pregnant: assumed" not in text


def test_a_drugs_own_value_says_whose_it_is() -> None:
    used = {"a.single_dose": number(600.0, "mg")}
    assert "- Ibuprofen single dose 600 mg\n" in detail(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, used=used))


def test_what_the_line_of_a_drug_says_already_is_not_said_again() -> None:
    used = {"a.dose_change": Known("new"), "a.is_new": Known(True), "b.dose_change": Known("increased")}
    text = detail(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, used=used))
    assert "Ibuprofen dose change" not in text
    assert "new on the list" not in text
    assert "- Warfarin dose change: increased\n" in text


def test_the_dose_and_the_form_of_a_drug_are_said_once() -> None:
    used = {"b.daily_dose": number(5.0, "mg/d"), "b.dose_form": Known("Oral Tablet")}
    daily = {WARFARIN.ingredients[0].rxcui: number(5.0, "mg/d")}
    by_amount = replace(WARFARIN, dose=replace(WARFARIN.dose, text="", daily=daily))
    text = detail(a_finding(a_spoken_rule(), IBUPROFEN, by_amount, used=used))
    assert text.count("5 mg/d") == 1
    assert "dose form" not in text
    assert "- Warfarin daily dose of this product 5 mg/d\n" in detail(
        a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, used=used)
    )


def test_a_list_names_the_drugs_that_the_card_does_not_show_already() -> None:
    def listed(*drugs: Drug) -> Known[tuple[str, ...]]:
        return Known(tuple(each.name for each in drugs), sources=tuple(Source(each.reference) for each in drugs))

    def of(fact: Known[tuple[str, ...]]) -> str:
        return detail(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, used={"all_drugs": fact}))

    clopidogrel = replace(WARFARIN, name="clopidogrel 75 mg", reference="MedicationRequest/other")
    assert "- Active medications and orders: clopidogrel 75 mg\n" in of(listed(WARFARIN, clopidogrel))
    assert "Active medications and orders" not in of(listed(WARFARIN, IBUPROFEN))
    assert "- Active medications and orders: read, nothing relevant found\n" in of(listed())


def test_what_may_raise_the_urgency_of_one_finding_is_not_said_again_for_another() -> None:
    missing = (Missing("value", "inr", Reason.NOT_RECORDED, "INR not recorded"),)
    one = a_finding(a_spoken_rule("one"), IBUPROFEN, WARFARIN, missing=missing, skipped_grades=(HIGH_INR,))
    two = a_finding(a_spoken_rule("two", title="Another"), IBUPROFEN, WARFARIN, missing=missing)
    assert [line for line in detail(one, two).splitlines() if "INR" in line] == [
        "- INR not recorded; could be more urgent"
    ]


def test_many_entries_of_a_list_that_settle_nothing_make_one_line() -> None:
    missing = tuple(Missing("list", "conditions", Reason.UNRECOGNISED, f"entry {n}") for n in range(1, 6))
    text = detail(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN, missing=missing))
    assert text.count("problem list") == 1
    assert "- The problem list holds entries that were not recognised (entry 1, entry 2, entry 3 and 2 more)" in text


def test_a_mechanism_that_the_detail_says_already_is_not_said_again() -> None:
    rule = a_spoken_rule(card=CardText("{{ a.name }}", "The NSAID inhibits platelets. Avoid."))
    assert detail(a_finding(rule, IBUPROFEN, WARFARIN)).count("The NSAID inhibits platelets.") == 1


def test_templates_know_drugs_by_role_and_facts_by_name() -> None:
    rule = a_spoken_rule(
        card=CardText(
            "{{ this.ingredient }} beside {{ other.name }}",
            "{{ this.dose }}; {{ other.dose }}; {{ a.is_draft }}; {{ inr }}; {{ weight }}.",
        )
    )
    card = cards(a_finding(rule, WARFARIN, IBUPROFEN))[0]
    assert card.summary == "ibuprofen beside warfarin sodium 5 MG Oral Tablet"
    assert (card.detail or "").startswith(
        "1 tablet 3 times daily; dose not known; no; INR 4.8 (17 Nov 2026, 3 days ago); weight not asked for."
    )


def test_a_slip_in_a_text_does_not_cost_the_card() -> None:
    broken = a_spoken_rule(because="{{ nobody.name }}", card=CardText("{{ a.nothing }}", "{% if %}"))
    (card,) = cards(a_finding(broken, IBUPROFEN, WARFARIN))
    assert card.summary == ("ibuprofen 600 MG Oral Tablet + warfarin sodium 5 MG Oral Tablet: Warfarin with an NSAID")
    assert (card.detail or "").startswith("Ibuprofen 600 MG")
    (both,) = cards(a_finding(broken, IBUPROFEN, WARFARIN), a_finding(broken, IBUPROFEN, APIXABAN))
    assert (both.detail or "").startswith("- Ibuprofen 600 MG Oral Tablet + apixaban")


def test_a_rule_without_drugs_texts_or_evidence_still_gives_a_card() -> None:
    bare = a_spoken_rule(
        "overdue", family="monitoring", card=CardText("", ""), mechanism="", management="", evidence=()
    )
    (card,) = cards(a_finding(bare))
    assert card.summary == "Warfarin with an NSAID"
    assert card.detail == "Warfarin with an NSAID\n\nRule overdue 1.0.0, not yet reviewed by a pharmacist."


def test_an_address_that_would_break_the_markdown_is_not_linked() -> None:
    rule = a_spoken_rule(
        evidence=(Evidence("Label", "javascript:alert(1)"), Evidence("Guide", "https://a.example/(x)"))
    )
    assert "Source: Label; Guide. Rule" in detail(a_finding(rule, IBUPROFEN, WARFARIN))


@pytest.mark.requirement("CH-112")
def test_names_from_the_chart_cannot_inject_markup() -> None:
    nasty = a_draft("<img src=x>[a](http://evil.example)\n# ibuprofen", "ibuprofen", dose=Dose(text="**2** <b>"))
    (card,) = cards(a_finding(a_spoken_rule(), nasty, WARFARIN), chart=a_chart(orders=(nasty,)))
    assert "\n" not in card.summary
    text = card.detail or ""
    assert "<" not in text
    assert "](http://evil" not in text
    assert "\n# " not in text
    assert r"\*\*2\*\* &lt;b&gt;" in text


def test_what_the_cap_held_back_is_one_card_with_every_summary() -> None:
    first = a_finding(a_spoken_rule("a", problem="renal-dosing", card=CardText("first *", "d")), IBUPROFEN)
    second = a_finding(a_spoken_rule("b", problem="hypotension", card=CardText("second", "d")), IBUPROFEN)
    third = a_finding(a_spoken_rule("c", card=CardText("third", "d")), IBUPROFEN)
    shown, more = cards(first, second, third, caps={"order-sign": 1})
    assert shown.summary == "first *"
    assert more.summary == "2 more, ranked lower: Severe fall in blood pressure, Bleeding risk"
    assert more.indicator == "info"
    assert more.detail == "- second (warning)\n- third (warning)"
    assert more.extension is not None
    assert [each["rule"] for each in more.extension["org.cds-service"]["findings"]] == ["b", "c"]
    assert more.override_reasons == ()


def test_what_could_not_be_checked_comes_last_and_is_info() -> None:
    chart = a_chart(orders=(IBUPROFEN,), unread=("allergies",), unrecognised={"medications": ["St *John* tea"]})
    open_rule = a_finding(
        a_spoken_rule("r", problem="renal-dosing"),
        IBUPROFEN,
        outcome=Outcome.UNDETERMINED,
        missing=(Missing("value", "egfr_ckdepi2021", Reason.NOT_SENT),),
    )
    first, last = cards(a_finding(a_spoken_rule(), IBUPROFEN, WARFARIN), open_rule, chart=chart)
    assert first.indicator == "warning"
    assert last.indicator == "info"
    assert last.summary == (
        "Not checked: the allergy list was not sent; “St *John* tea” was not recognised as a drug; "
        "eGFR (CKD-EPI 2021) not sent"
    )
    assert last.detail == (
        "- The allergy list was not sent\n"
        "- “St \\*John\\* tea” was not recognised as a drug\n"
        "- eGFR (CKD-EPI 2021) not sent. "
        "Left open: Dosing in reduced kidney function (ibuprofen 600 MG Oral Tablet)\n"
        "\n"
        "What is not known was not taken as normal or absent."
    )
    assert last.extension == {"org.cds-service": {"decision": DECISION}}


LONG = st.text(st.characters(codec="utf-8"), min_size=1, max_size=400)


@given(st.lists(LONG, min_size=2, max_size=6), st.lists(LONG, max_size=3), st.booleans())
@pytest.mark.requirement("CH-111")
def test_every_summary_is_under_140_characters(names: list[str], unrecognised: list[str], worst: bool) -> None:
    drugs = [a_draft(name, f"d{place}", reference=f"MedicationRequest/{place}") for place, name in enumerate(names)]
    chart = a_chart(orders=drugs, unrecognised={"medications": unrecognised}, unread=("allergies",))
    severity = Severity.CONTRAINDICATED if worst else Severity.MAJOR
    findings = [a_finding(a_spoken_rule(severity=severity), drugs[0], drug) for drug in drugs[1:]]
    findings.append(a_finding(a_spoken_rule("single", problem="renal-dosing"), drugs[0]))
    made = cards(*findings, chart=chart, caps={"order-sign": 1})
    assert made[0].summary.endswith(
        (": bleeding risk", "bleeding risk adds up", " more)", "check kidney dose", "NSAID")
    )


def test_causes_that_do_not_fit_the_summary_are_counted() -> None:
    texts = [f"home-made remedy number {place} of the patient's aunt" for place in range(3)]
    (card,) = cards(chart=a_chart(orders=(IBUPROFEN,), unrecognised={"medications": texts}))
    assert card.summary == f"Not checked: “{texts[0]}” was not recognised as a drug; 2 more"


def test_even_a_summary_of_too_many_words_is_cut() -> None:
    (card,) = cards(a_finding(a_spoken_rule(card=CardText("word " * 60, "d")), IBUPROFEN, WARFARIN))
    assert len(card.summary) == 139
    assert card.summary.endswith("…")


def test_even_a_problem_of_too_many_words_is_cut() -> None:
    wordy = ProblemKind("bleeding", "Bleeding", "{{ drugs }}" + " and so on" * 20, "patient")
    findings = tuple(a_finding(a_spoken_rule(id), IBUPROFEN, WARFARIN) for id in "ab")
    summary = summarise(Group("bleeding", wordy, findings), CHART)
    assert len(summary) == 139
    assert summary.startswith("ibupr… + warfa… and so on")


def test_even_a_cause_of_too_many_words_is_cut() -> None:
    cause = Unchecked(
        Missing("value", "a fact with a long name " * 4, Reason.IMPLAUSIBLE), drug="a long drug name " * 5
    )
    summary = summarise_unchecked((cause,))
    assert len(summary) == 139
    assert summary.endswith("…")


@pytest.mark.parametrize("id", ["warfarin-nsaid", "ddi.onc-11", "r" * 120], ids=["short", "table row", "long"])
def test_epic_remembers_an_override_by_letters_and_digits_of_rule_and_ingredients(id: str) -> None:
    finding = a_finding(a_spoken_rule(id), a_draft("ibuprofen", "5640"), a_drug("warfarin", "11289"))
    shown, _ = choose((finding,), CHART, a_release(), "order-sign")
    (card,) = compose(shown, CHART, a_release(), DECISION, (finding,), Session("P1", None, Dialect.EPIC))
    code = card.source.topic.code if card.source.topic else ""
    assert re.fullmatch(r"[A-Za-z0-9]{1,100}", code)
    if len(id) < 100:
        assert code == f"{id.replace('-', 'Z').replace('.', 'Y')}X11289X5640"


def test_epic_gets_letters_and_digits_for_what_was_not_checked_too() -> None:
    gap = Unchecked(Missing("list", "allergies", Reason.NOT_SENT))
    (card,) = compose(Shown(unchecked=(gap,)), CHART, a_release(), DECISION, (), Session("P1", None, Dialect.EPIC))
    assert card.source.topic is not None
    assert card.source.topic.code == "notZchecked"


@pytest.mark.parametrize(
    ("dialect", "code"), [(Dialect.STANDARD, "readmission-30d"), (Dialect.EPIC, "readmissionZ30d")]
)
def test_the_topic_of_a_model_is_its_id_as_the_client_takes_codes(dialect: Dialect, code: str) -> None:
    assert topic_code("readmission-30d", Session("P1", None, dialect)) == code
