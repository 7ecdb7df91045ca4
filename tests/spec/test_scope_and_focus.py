"""Scope and focus: which drugs a rule is about.

An order rule looks once at each drug in focus. A pair rule looks once at each unordered pair of different drugs, one
of them in focus. A patient rule looks once. In focus are: at order-sign all drafts, at order-select the selected
drafts, at patient-view every active medication.
"""

import pytest
from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Items, Known, Reason, Unknown
from cds_service.knowledge.rules import Line
from cds_service.reasoning.findings import Missing, Outcome
from cds_service.terminology.products import Route
from tests.support.charts import (
    SNOMED,
    a_chart,
    a_draft,
    a_drug,
    a_line,
    a_problem,
    a_procedure,
    a_renewal,
    a_rule,
    a_side,
    an_allergy,
    code_set,
    ingredient_set,
    number,
)
from tests.support.findings import drugs_of, findings_of, outcome_of, the_finding

METFORMIN_RULE = a_rule(sides=[a_side("this", "metformin")])
BLEEDING = a_rule(sides=[a_side("a", "ibuprofen", "naproxen"), a_side("b", "warfarin")])
TWO_NSAIDS = a_rule(sides=[a_side("a", "ibuprofen", "naproxen"), a_side("b", "ibuprofen", "naproxen")])
IBUPROFEN, NAPROXEN, WARFARIN = a_drug("ibuprofen"), a_drug("naproxen"), a_drug("warfarin")

# Read: sentence, chart, the drugs that the metformin rule fires for.
ORDER_SCOPE = [
    ("order-sign: every draft", a_chart(orders=[a_draft("metformin"), a_draft("x")]), ["metformin"]),
    ("order-sign: not what is already taken", a_chart(orders=[a_draft("x")], medications=[a_drug("metformin")]), []),
    (
        "order-sign: the draft, not another product already taken",
        a_chart(orders=[a_draft("metformin")], medications=[a_drug("metformin XR", "metformin")]),
        ["metformin"],
    ),
    ("order-select: the selected draft", a_chart(orders=[a_draft("metformin")], hook="order-select"), ["metformin"]),
    (
        "order-select: not another draft",
        a_chart(orders=[a_draft("metformin", selected=False)], hook="order-select"),
        [],
    ),
    (
        "patient-view: every active medication",
        a_chart(medications=[a_drug("metformin")], hook="patient-view"),
        ["metformin"],
    ),
    ("a hook the rule does not serve", a_chart(orders=[a_draft("metformin")], hook="order-dispatch"), []),
]


@pytest.mark.parametrize(("sentence", "chart", "fires_for"), ORDER_SCOPE, ids=[case[0] for case in ORDER_SCOPE])
def test_an_order_rule_looks_at_each_drug_in_focus(sentence: str, chart: Chart, fires_for: list[str]) -> None:
    assert [drugs_of(finding)["this"] for finding in findings_of(METFORMIN_RULE, chart)] == fires_for


def test_an_order_rule_gives_one_finding_per_drug_in_focus() -> None:
    chart = a_chart(orders=[a_draft("metformin"), a_draft("metformin XR", "metformin")])
    assert [drugs_of(finding)["this"] for finding in findings_of(METFORMIN_RULE, chart)] == [
        "metformin",
        "metformin XR",
    ]


def sees(*pairs: str) -> set[frozenset[str]]:
    return {frozenset(pair.split(" + ")) for pair in pairs}


# Read: sentence, chart, the pairs that "an NSAID with warfarin" fires for.
PAIR_SCOPE = [
    (
        "a draft and an active medication",
        a_chart(orders=[a_draft("ibuprofen")], medications=[WARFARIN]),
        sees("ibuprofen + warfarin"),
    ),
    (
        "the other way round",
        a_chart(orders=[a_draft("warfarin")], medications=[IBUPROFEN]),
        sees("ibuprofen + warfarin"),
    ),
    ("two drafts", a_chart(orders=[a_draft("ibuprofen"), a_draft("warfarin")]), sees("ibuprofen + warfarin")),
    (
        "one draft and two partners",
        a_chart(orders=[a_draft("warfarin")], medications=[IBUPROFEN, NAPROXEN]),
        sees("ibuprofen + warfarin", "naproxen + warfarin"),
    ),
    (
        "two drugs already taken, at an order hook: not about this order",
        a_chart(orders=[a_draft("x")], medications=[IBUPROFEN, WARFARIN]),
        sees(),
    ),
    (
        "two drugs already taken, at patient-view",
        a_chart(medications=[IBUPROFEN, WARFARIN], hook="patient-view"),
        sees("ibuprofen + warfarin"),
    ),
    (
        "order-select: the selected draft and another draft",
        a_chart(orders=[a_draft("ibuprofen"), a_draft("warfarin", selected=False)], hook="order-select"),
        sees("ibuprofen + warfarin"),
    ),
    (
        "order-select: two drafts that are not selected",
        a_chart(
            orders=[a_draft("ibuprofen", selected=False), a_draft("warfarin", selected=False)], hook="order-select"
        ),
        sees(),
    ),
    ("one product that holds both ingredients", a_chart(orders=[a_draft("both", "ibuprofen", "warfarin")]), sees()),
    (
        "a renewal pairs as the draft; the medication it continues is off the list",
        a_chart(orders=[a_renewal("ibuprofen")], medications=[WARFARIN]),
        sees("ibuprofen + warfarin"),
    ),
]


@pytest.mark.parametrize(("sentence", "chart", "expected"), PAIR_SCOPE, ids=[case[0] for case in PAIR_SCOPE])
def test_a_pair_rule_looks_at_each_pair_with_one_drug_in_focus(
    sentence: str, chart: Chart, expected: set[frozenset[str]]
) -> None:
    firing = [finding for finding in findings_of(BLEEDING, chart) if finding.outcome is Outcome.FIRES]
    assert {frozenset(drugs_of(finding).values()) for finding in firing} == expected
    assert len(firing) == len(expected)


# Read: sentence, chart, which drug stands as a and which as b when both ways are true.
ASSIGNMENTS = [
    (
        "the drug in focus is a",
        a_chart(orders=[a_draft("naproxen")], medications=[IBUPROFEN]),
        ("naproxen", "ibuprofen"),
    ),
    (
        "both in focus: a is the first by reference",
        a_chart(orders=[a_draft("naproxen"), a_draft("ibuprofen")]),
        ("ibuprofen", "naproxen"),
    ),
]


@pytest.mark.parametrize(("sentence", "chart", "expected"), ASSIGNMENTS, ids=[case[0] for case in ASSIGNMENTS])
def test_a_pair_that_stands_both_ways_gives_one_finding(sentence: str, chart: Chart, expected: tuple[str, str]) -> None:
    drugs = drugs_of(the_finding(TWO_NSAIDS, chart))
    assert (drugs["a"], drugs["b"]) == expected


def test_of_the_two_ways_the_one_that_fires_is_taken() -> None:
    only_if_b_is_a_draft = a_rule(sides=TWO_NSAIDS.sides, all=[a_line("b.is_draft", "is", True)])
    chart = a_chart(orders=[a_draft("naproxen")], medications=[IBUPROFEN])
    finding = the_finding(only_if_b_is_a_draft, chart)
    assert (finding.outcome, drugs_of(finding)) == ("fires", {"a": "ibuprofen", "b": "naproxen"})


def test_of_the_two_ways_an_undetermined_one_is_taken_before_a_silent_one() -> None:
    rule = a_rule(
        sides=TWO_NSAIDS.sides, all=[a_line("b.is_draft", "is", True), a_line("inr", "above", 4, unit="{INR}")]
    )
    finding = the_finding(rule, a_chart(orders=[a_draft("naproxen")], medications=[IBUPROFEN]))
    assert (finding.outcome, drugs_of(finding)) == ("undetermined", {"a": "ibuprofen", "b": "naproxen"})


def test_a_pair_rule_may_ask_for_two_different_ingredients() -> None:
    rule = a_rule(sides=TWO_NSAIDS.sides, different_ingredients=True)
    forte = a_drug("ibuprofen forte", "ibuprofen")
    assert outcome_of(TWO_NSAIDS, a_chart(orders=[a_draft("ibuprofen")], medications=[forte])) == "fires"
    assert outcome_of(rule, a_chart(orders=[a_draft("ibuprofen")], medications=[forte])) == "silent"
    assert outcome_of(rule, a_chart(orders=[a_draft("ibuprofen")], medications=[NAPROXEN])) == "fires"


def test_a_pair_that_may_not_stand_does_not_hide_the_next_one() -> None:
    rule = a_rule(sides=TWO_NSAIDS.sides, different_ingredients=True)
    forte = a_drug("ibuprofen forte", "ibuprofen")
    firing = findings_of(rule, a_chart(orders=[a_draft("ibuprofen")], medications=[forte, NAPROXEN]))
    assert [(drugs_of(finding), finding.outcome) for finding in firing] == [
        ({"a": "ibuprofen", "b": "naproxen"}, Outcome.FIRES)
    ]


# A rule is reached by a recognised drug. Its partner may be there and nobody can say.
# Read: sentence, chart, outcome, what is named as missing.
NOT_SENT, NOT_RECOGNISED = Reason.NOT_SENT, Reason.UNRECOGNISED
UNSEEN = [
    ("the list was read and warfarin is not on it", a_chart(orders=[a_draft("ibuprofen")]), "silent", []),
    (
        "the medication list was not sent",
        a_chart(orders=[a_draft("ibuprofen")], unread=["medications"]),
        "undetermined",
        [Missing("list", "medications", NOT_SENT)],
    ),
    (
        "one draft could not be read",
        a_chart(orders=[a_draft("ibuprofen")], unread=["orders"]),
        "undetermined",
        [Missing("list", "orders", NOT_SENT)],
    ),
    (
        "two remedies on the list: one line, both named",
        a_chart(orders=[a_draft("ibuprofen")], unrecognised={"medications": ["kava", "hawthorn"]}),
        "undetermined",
        [Missing("drug", "kava", NOT_RECOGNISED), Missing("drug", "hawthorn", NOT_RECOGNISED)],
    ),
    (
        "an unrecognised draft beside a recognised one",
        a_chart(orders=[a_draft("ibuprofen")], unrecognised={"orders": ["kava"]}),
        "undetermined",
        [Missing("drug", "kava", NOT_RECOGNISED)],
    ),
    (
        "an unrecognised draft beside warfarin on the list",
        a_chart(medications=[WARFARIN], unrecognised={"orders": ["kava"]}),
        "undetermined",
        [Missing("drug", "kava", NOT_RECOGNISED)],
    ),
    (
        "an unrecognised draft beside warfarin, at order-select",
        a_chart(medications=[WARFARIN], unrecognised={"orders": ["kava"]}, hook="order-select"),
        "undetermined",
        [Missing("drug", "kava", NOT_RECOGNISED)],
    ),
    (
        "an unrecognised medication beside one already taken: not about this order",
        a_chart(orders=[a_draft("x")], medications=[WARFARIN], unrecognised={"medications": ["kava"]}),
        "not reached",
        [],
    ),
    (
        "the same at patient-view",
        a_chart(medications=[WARFARIN], unrecognised={"medications": ["kava"]}, hook="patient-view"),
        "undetermined",
        [Missing("drug", "kava", NOT_RECOGNISED)],
    ),
    ("nothing but a remedy: nothing reaches the rule", a_chart(unrecognised={"orders": ["kava"]}), "not reached", []),
]


@pytest.mark.parametrize(("sentence", "chart", "outcome", "missing"), UNSEEN, ids=[case[0] for case in UNSEEN])
def test_a_partner_that_may_be_there_unseen_makes_the_rule_undetermined(
    sentence: str, chart: Chart, outcome: str, missing: list[Missing]
) -> None:
    assert outcome_of(BLEEDING, chart) == outcome
    assert [each for finding in findings_of(BLEEDING, chart) for each in finding.missing] == missing


@pytest.mark.parametrize(("reason", "named"), [(Reason.TRUNCATED, Reason.TRUNCATED), (None, Reason.NOT_SENT)])
def test_an_unread_medication_list_is_named_with_its_reason(reason: Reason | None, named: Reason) -> None:
    chart = replace(a_chart(orders=[a_draft("ibuprofen")]), medications=Items(complete=False, reason=reason))
    assert the_finding(BLEEDING, chart).missing == (Missing("list", "medications", named),)


def test_a_drug_already_taken_is_not_undetermined_because_of_another_one_already_taken() -> None:
    rule = a_rule(sides=TWO_NSAIDS.sides, different_ingredients=True)
    chart = a_chart(
        orders=[a_draft("ibuprofen")],
        medications=[a_drug("ibuprofen forte", "ibuprofen")],
        unrecognised={"medications": ["kava"]},
    )
    assert drugs_of(the_finding(rule, chart)) == {"a": "ibuprofen"}


def test_a_pair_that_fires_leaves_no_second_line_about_the_same_drugs() -> None:
    chart = a_chart(orders=[a_draft("ibuprofen")], medications=[WARFARIN], unrecognised={"medications": ["kava"]})
    assert outcome_of(BLEEDING, chart) == "fires"


def test_a_pair_that_fires_does_not_hide_the_unseen_partner_of_another_drug() -> None:
    chart = a_chart(orders=[a_draft("ibuprofen")], medications=[NAPROXEN, WARFARIN], unrecognised={"orders": ["kava"]})
    assert [(drugs_of(finding), finding.outcome.value) for finding in findings_of(BLEEDING, chart)] == [
        ({"a": "ibuprofen", "b": "warfarin"}, "fires"),
        ({"a": "naproxen"}, "undetermined"),
    ]


def test_a_drug_without_a_partner_is_silent_with_the_default_indicator() -> None:
    finding = the_finding(BLEEDING, a_chart(orders=[a_draft("ibuprofen")]))
    assert (finding.outcome, finding.indicator) == ("silent", "warning")


def test_a_silent_pair_does_not_hide_an_unseen_partner() -> None:
    rule = a_rule(sides=TWO_NSAIDS.sides, different_ingredients=True, all=[a_line("b.is_draft", "is", False)])
    chart = a_chart(orders=[a_draft("ibuprofen"), a_draft("naproxen")], unread=["medications"])
    assert {(*drugs_of(finding), finding.outcome.value) for finding in findings_of(rule, chart)} == {
        ("a", "b", "silent"),
        ("a", "undetermined"),
    }


def test_what_is_certainly_silenced_is_silent_whoever_the_unseen_partner_is() -> None:
    rule = a_rule(sides=BLEEDING.sides, unless=[a_line("comfort_care", "is", True)])
    chart = a_chart(orders=[a_draft("ibuprofen")], unread=["medications"], comfort_care=Known(True))
    assert outcome_of(rule, chart) == "silent"


def test_a_fact_of_the_unseen_partner_is_not_named_as_missing_nor_assumed() -> None:
    rule = a_rule(sides=BLEEDING.sides, all=[a_line("b.is_draft", "is", True, if_missing=False)])
    finding = the_finding(rule, a_chart(orders=[a_draft("ibuprofen")], unread=["medications"]))
    assert finding.outcome is Outcome.UNDETERMINED
    assert finding.missing == (Missing("list", "medications", Reason.NOT_SENT),)
    assert finding.assumed == ()


def test_a_fact_of_the_unseen_partner_never_silences() -> None:
    rule = a_rule(sides=BLEEDING.sides, unless=[a_line("b.is_draft", "is", True)])
    assert outcome_of(rule, a_chart(orders=[a_draft("ibuprofen")], unread=["medications"])) == "undetermined"


SYSTEMIC = frozenset({Route.SYSTEMIC})
EYE_DROPS = a_draft("timolol", route=Route.OPHTHALMIC, dose_form="Ophthalmic Solution")
BARE = a_draft("timolol", route=Route.UNKNOWN, dose_form=None)

# Read: what the side asks for, the draft, whether it stands there, what is named as missing.
SIDES = [
    ("any route", {}, EYE_DROPS, "fires", []),
    ("any route, route not known", {}, BARE, "fires", []),
    ("systemic, eye drops", {"routes": SYSTEMIC}, EYE_DROPS, "not reached", []),
    ("systemic, tablet", {"routes": SYSTEMIC}, a_draft("timolol"), "fires", []),
    ("systemic, route not known", {"routes": SYSTEMIC}, BARE, "undetermined", ["this.route"]),
    ("eye drops or tablets", {"routes": frozenset({Route.SYSTEMIC, Route.OPHTHALMIC})}, EYE_DROPS, "fires", []),
    ("one form, and it is", {"forms": frozenset({"Oral Tablet"})}, a_draft("timolol"), "fires", []),
    ("one form, and it is not", {"forms": frozenset({"Oral Tablet"})}, EYE_DROPS, "not reached", []),
    ("one form, not known", {"forms": frozenset({"Oral Tablet"})}, BARE, "undetermined", ["this.dose_form"]),
    ("not one form, and it is", {"not_forms": frozenset({"Oral Tablet"})}, a_draft("timolol"), "not reached", []),
    ("not one form, and it is another", {"not_forms": frozenset({"Oral Tablet"})}, EYE_DROPS, "fires", []),
    (
        "in no product with lidocaine, and it is",
        {"not_with": frozenset({"lidocaine"})},
        a_draft("timolol", "timolol", "lidocaine"),
        "not reached",
        [],
    ),
    ("in no product with lidocaine, and it is alone", {"not_with": frozenset({"lidocaine"})}, EYE_DROPS, "fires", []),
    ("not one form, not known", {"not_forms": frozenset({"Oral Tablet"})}, BARE, "undetermined", ["this.dose_form"]),
    (
        "route and form, neither known",
        {"routes": SYSTEMIC, "forms": frozenset({"Oral Tablet"})},
        BARE,
        "undetermined",
        ["this.route", "this.dose_form"],
    ),
    (
        "the wrong route settles it, whatever the form",
        {"routes": SYSTEMIC, "forms": frozenset({"Oral Tablet"})},
        a_draft("timolol", route=Route.OPHTHALMIC, dose_form=None),
        "not reached",
        [],
    ),
]


@pytest.mark.parametrize(("sentence", "asks", "draft", "outcome", "missing"), SIDES, ids=[case[0] for case in SIDES])
def test_a_side_asks_for_route_and_form(
    sentence: str, asks: dict[str, object], draft: object, outcome: str, missing: list[str]
) -> None:
    rule = a_rule(sides=[a_side("this", "timolol", **asks)])
    chart = a_chart(orders=[draft])  # type: ignore[list-item]
    assert outcome_of(rule, chart) == outcome
    assert [each.subject for finding in findings_of(rule, chart) for each in finding.missing] == missing


def test_a_pair_with_a_route_not_known_is_undetermined() -> None:
    rule = a_rule(sides=[a_side("a", "timolol", routes=SYSTEMIC), a_side("b", "verapamil")])
    finding = the_finding(rule, a_chart(orders=[BARE], medications=[a_drug("verapamil")]))
    assert finding.outcome is Outcome.UNDETERMINED
    assert finding.missing == (Missing("value", "a.route", Reason.NOT_RECORDED, "timolol"),)


def test_the_ingredient_that_matched_is_bound() -> None:
    combination = a_draft("ibuprofen with famotidine", "famotidine", "ibuprofen")
    finding = the_finding(BLEEDING, a_chart(orders=[combination], medications=[WARFARIN]))
    assert finding.bindings["a"].ingredient == "ibuprofen"


def test_excluding_leaves_one_drug_out_of_a_list() -> None:
    nsaid = ingredient_set("nsaid", "ibuprofen", "naproxen")
    second = a_rule(sides=[a_side("this", "ibuprofen")], all=[a_line("all_drugs", "any_in", nsaid, excluding="this")])
    assert outcome_of(second, a_chart(orders=[a_draft("ibuprofen")])) == "silent"
    assert outcome_of(second, a_chart(orders=[a_draft("ibuprofen")], medications=[NAPROXEN])) == "fires"


HEART_FAILURE = code_set("heart failure", (SNOMED, "84114007"))
HAS_HEART_FAILURE = a_line("conditions", "any_in", HEART_FAILURE)
HIGH_POTASSIUM = a_line("potassium", "above", 6, unit="mmol/L")
BYPASS_DONE = a_line("procedures", "any_in", code_set("bypass", (SNOMED, "232717009"), kind="procedure"))


def any_nsaid(name: str) -> Line:
    return a_line(name, "any_in", ingredient_set("nsaid", "ibuprofen"))


NSAID_ON_LIST = any_nsaid("all_drugs")

# A patient rule is reached by the fact of its first line. Read: sentence, that line, chart, outcome.
PATIENT_SCOPE = [
    ("the value is there", HIGH_POTASSIUM, a_chart(potassium=number(6.5, "mmol/L")), "fires"),
    ("the value is there and normal", HIGH_POTASSIUM, a_chart(potassium=number(4, "mmol/L")), "silent"),
    ("the value is not known", HIGH_POTASSIUM, a_chart(potassium=Unknown(Reason.NOT_SENT)), "not reached"),
    ("the value was not asked for", HIGH_POTASSIUM, a_chart(), "not reached"),
    ("the hook is another", HIGH_POTASSIUM, a_chart(potassium=number(6.5, "mmol/L"), hook="x"), "not reached"),
    ("the list holds it", HAS_HEART_FAILURE, a_chart(conditions=[a_problem("HF", (SNOMED, "84114007"))]), "fires"),
    (
        "the list holds another",
        HAS_HEART_FAILURE,
        a_chart(conditions=[a_problem("AF", (SNOMED, "49436004"))]),
        "silent",
    ),
    ("the list is empty", HAS_HEART_FAILURE, a_chart(), "not reached"),
    (
        "the list is cut short",
        HAS_HEART_FAILURE,
        a_chart(conditions=[a_problem("AF", (SNOMED, "49436004"))], unread=["conditions"]),
        "undetermined",
    ),
    ("a draft is on all_drugs", NSAID_ON_LIST, a_chart(orders=[a_draft("ibuprofen")]), "fires"),
    ("a medication is on all_drugs", NSAID_ON_LIST, a_chart(medications=[IBUPROFEN]), "fires"),
    ("no drug at all", NSAID_ON_LIST, a_chart(), "not reached"),
    ("a draft on orders", any_nsaid("orders"), a_chart(orders=[a_draft("ibuprofen")]), "fires"),
    ("a drug on medications", any_nsaid("medications"), a_chart(medications=[IBUPROFEN]), "fires"),
    ("an allergy", any_nsaid("allergies"), a_chart(allergies=[an_allergy("x", ["ibuprofen"])]), "fires"),
    ("an allergy proper", any_nsaid("true_allergies"), a_chart(allergies=[an_allergy("x", ["ibuprofen"])]), "fires"),
    ("a procedure", BYPASS_DONE, a_chart(procedures=[a_procedure("CABG", (SNOMED, "232717009"))]), "fires"),
]


@pytest.mark.parametrize(
    ("sentence", "line", "chart", "outcome"), PATIENT_SCOPE, ids=[case[0] for case in PATIENT_SCOPE]
)
def test_a_patient_rule_is_reached_by_the_fact_of_its_first_line(
    sentence: str, line: object, chart: Chart, outcome: str
) -> None:
    assert outcome_of(a_rule(all=[line]), chart) == outcome  # type: ignore[list-item]
