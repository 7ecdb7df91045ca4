"""Proposals and orderables: what is read, and how a mistake is explained."""

import csv
from pathlib import Path

import pytest

from cds_service.knowledge.explain import explain
from cds_service.knowledge.library import Library, read_library
from cds_service.knowledge.orderables import is_loinc
from cds_service.knowledge.suggestions import Orderable, Sig, Verb
from tests.knowledge.shelves import SHELF, copy_shelf, load_shelf
from tests.rules.library import shipped_library
from tests.support.shared import SHARED, needs_shared
from tests.support.small_terminology import SmallTerminology

RULE = (SHELF / "rules/warfarin-nsaid.toml").read_text(encoding="utf-8")
ORDERABLES = """
[acetaminophen-500]
kind = "drug"
title = "acetaminophen 500 mg"
rxcui = "198440"
product = "Acetaminophen 500 MG Oral Tablet"
sig = { count = 1, unit = "tablet", route = "oral", every_hours = 6, as_needed = true, max_per_day = 3000 }
when = [{ fact = "crcl", at_least = 30, unit = "mL/min" }]
population = "adults"
source = "OTC Drug Facts"
confidence = "label-known"

[inr]
kind = "lab"
title = "INR"
loinc = "6301-6"
product = "INR in Platelet poor plasma by Coagulation assay"
fact = "inr"
population = "all"
source = "LOINC"
confidence = "verified"

[advice]
kind = "referral"
title = "Pharmacist advice"
population = "all"
source = "a guideline"
confidence = "corroborated"
"""


def read(folder: Path, suggestion: str = "", orderables: str = ORDERABLES, formulary: str = "") -> Library:
    """The small shelf whose rule has this `[[suggest]]`, with these orderables and this formulary."""
    start, end = RULE.index("[[suggest]]"), RULE.index("[governance]")
    files = {
        "rules/warfarin-nsaid.toml": f"{RULE[:start]}[[suggest]]\n{suggestion}\n\n{RULE[end:]}" if suggestion else RULE,
        "rules/orderables/some.toml": orderables,
        **({"config/formulary.csv": formulary} if formulary else {}),
    }
    return read_library(load_shelf(copy_shelf(folder, files)), SmallTerminology())


def said(library: Library) -> list[str]:
    return [f"{problem.where}: {problem.message}" for problem in library.pages.problems]


def orderable(library: Library, id: str = "acetaminophen-500") -> Orderable:
    return library.vocabulary.orderables[id]


def test_a_replacement_is_read_with_the_name_of_its_orderable(tmp_path: Path) -> None:
    library = read(
        tmp_path,
        'label = "Use {{ replacement.name }} instead of {{ a.name }}"\n'
        'replace = { drug = "a", with = "acetaminophen-500" }',
    )
    assert said(library) == []
    (suggestion,) = library.rules["warfarin-nsaid"].suggestions
    assert suggestion.verb is Verb.REPLACE
    assert suggestion.label == "Use acetaminophen 500 mg instead of {{ a.name }}"
    assert suggestion.drug == "a"
    assert suggestion.orderable == orderable(library)


def test_a_proposal_is_read_back_in_a_sentence(tmp_path: Path) -> None:
    library = read(tmp_path, 'label = "Stop {{ a.name }}"\nstop = { drug = "a" }')
    assert "It may propose (stop): Stop {{ a.name }}" in explain(library.rules["warfarin-nsaid"]).splitlines()


def test_what_an_orderable_needs_to_know_is_asked_of_the_chart(tmp_path: Path) -> None:
    library = read(tmp_path, 'label = "Use it"\nreplace = { drug = "a", with = "acetaminophen-500" }')
    assert {"age", "crcl"} <= library.rules["warfarin-nsaid"].facts
    library = read(tmp_path, 'label = "Check at {{ egfr }}"\norder-lab = { lab = "inr" }')
    assert {"inr", "egfr"} <= library.rules["warfarin-nsaid"].facts


def test_an_orderable_is_for_adults_besides_what_it_says(tmp_path: Path) -> None:
    library = read(tmp_path)
    assert [line.fact for line in orderable(library).when] == ["age", "crcl"]  # type: ignore[union-attr]
    assert orderable(library).sig == Sig(1, "tablet", "oral", every_hours=6, as_needed=True, max_per_day=3000)
    assert orderable(library, "inr").when == ()


PROPOSALS = {
    'replace = { drug = "a", with = "acetaminophen" }': (
        "suggest[1].replace.with: rules/orderables has no orderable 'acetaminophen'; did you mean 'acetaminophen-500'?"
    ),
    'replace = { drug = "a", with = "inr" }': "suggest[1].replace.with: 'inr' is a lab, expected a drug",
    'replace = { drug = "this", with = "acetaminophen-500" }': (
        "suggest[1].replace.drug: no drug is called 'this'; the drugs of this rule are 'a' and 'b'"
    ),
    'replace = { drug = "a" }': "suggest[1].replace: 'with' is missing",
    'stop = { drug = "a", wiht = "x" }': "suggest[1].stop.wiht: there is no key 'wiht' here",
    'change-dose = { drug = "a" }': (
        'suggest[1].change-dose: a new dose is either a product, with = "...", or an amount, value = 40, unit = "mg"'
    ),
    'change-dose = { drug = "a", value = 40 }': "suggest[1].change-dose: an amount has a value and a unit",
    'change-dose = { drug = "a", value = 40, unit = "tablets" }': (
        "suggest[1].change-dose.unit: a dose is in mg, g, ug, [IU], meq or mL, found 'tablets'"
    ),
    'change-dose = { drug = "a", value = 0, unit = "mg" }': (
        "suggest[1].change-dose.value: expected a number above 0, found 0"
    ),
    'change-frequency = { drug = "a", times_per_day = 1.5 }': (
        "suggest[1].change-frequency.times_per_day: expected a whole number, found 1.5"
    ),
    'order-lab = { lab = "acetaminophen-500" }': (
        "suggest[1].order-lab.lab: 'acetaminophen-500' is a drug, expected a lab"
    ),
    'refer = { to = "advise" }': (
        "suggest[1].refer.to: rules/orderables has no orderable 'advise'; did you mean 'advice'?"
    ),
}


@pytest.mark.parametrize(("proposal", "message"), PROPOSALS.items(), ids=PROPOSALS)
def test_a_mistake_in_a_proposal_is_explained(proposal: str, message: str, tmp_path: Path) -> None:
    assert said(read(tmp_path, f'label = "Do it"\n{proposal}')) == [message]


LABELS = {
    "Use {{ replacement.name }}": (
        "suggest[1].stop: {{ replacement.name }} stands for an orderable, and this proposal names none"
    ),
    "Stop {{ c.name }}": (
        "suggest[1].label: a text of a rule of scope 'pair' has only a, b, this and other, found 'c.name'"
    ),
    "Stop " + "x" * 80: (
        "suggest[1].label: a label is the text of a button; stay within 80 characters besides the names"
    ),
}


@pytest.mark.parametrize(("label", "message"), LABELS.items())
def test_a_mistake_in_a_label_is_explained(label: str, message: str, tmp_path: Path) -> None:
    assert said(read(tmp_path, f'label = "{label}"\nstop = {{ drug = "a" }}')) == [message]


MISTAKES = {
    ('rxcui = "198440"', 'rxcui = "198441"'): (
        "acetaminophen-500.rxcui: RxNorm has no code '198441'; 'Acetaminophen 500 MG Oral Tablet' is 198440"
    ),
    ('rxcui = "198440"', 'rxcui = "313782"'): (
        "acetaminophen-500.rxcui: 313782 is 'acetaminophen 325 MG Oral Tablet', but the entry says "
        "'Acetaminophen 500 MG Oral Tablet'; 'Acetaminophen 500 MG Oral Tablet' is 198440"
    ),
    ('rxcui = "198440"', 'rxcui = "161"'): (
        "acetaminophen-500.rxcui: 161 is 'acetaminophen' of type IN; an orderable names a generic product, an SCD; "
        "'Acetaminophen 500 MG Oral Tablet' is 198440"
    ),
    ('loinc = "6301-6"', 'loinc = "6301-5"'): "inr.loinc: '6301-5' is no LOINC code: its check digit is wrong",
    ('loinc = "6301-6"', 'loinc = "INR"'): "inr.loinc: 'INR' is no LOINC code: its check digit is wrong",
    ('fact = "inr"', 'fact = "inrr"'): "inr.fact: no fact called 'inrr'; did you mean 'inr'?",
    ('kind = "referral"', 'kind = "referral"\nloinc = "6301-6"'): (
        "advice.loinc: an orderable of kind 'referral' has no 'loinc'"
    ),
    ('loinc = "6301-6"\n', ""): "inr: an orderable of kind 'lab' has 'loinc', which is missing",
    ('title = "INR"', 'title = "{{ INR }}"'): "inr.title: a title is plain text",
    ("count = 1", "count = 0"): "acetaminophen-500.sig.count: expected a number above 0, found 0",
    ("every_hours = 6", "every_hours = 6.5"): "acetaminophen-500.sig.every_hours: expected a whole number, found 6.5",
    ("every_hours = 6", "every_hours = 6, times_per_day = 4"): (
        "acetaminophen-500.sig: how often is either 'times_per_day' or 'every_hours'"
    ),
    (", max_per_day = 3000", ""): "acetaminophen-500.sig: an as-needed order states its 'max_per_day' in mg",
    ('fact = "crcl"', 'fact = "crlc"'): "acetaminophen-500.when[1]: no fact called 'crlc'; did you mean 'crcl'?",
}


@pytest.mark.parametrize(("change", "message"), MISTAKES.items(), ids=lambda value: str(value)[:60])
def test_a_mistake_in_an_orderable_is_explained(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    assert change[0] in ORDERABLES
    assert said(read(tmp_path, orderables=ORDERABLES.replace(*change, 1))) == [message]


def test_an_id_stands_in_one_file_only(tmp_path: Path) -> None:
    copy_shelf(tmp_path, {"rules/orderables.toml": ORDERABLES[ORDERABLES.index("[advice]") :]})
    assert said(read(tmp_path)) == ["advice: 'advice' already stands in rules/orderables.toml; keep one"]


def test_the_formulary_excludes_products(tmp_path: Path) -> None:
    rows = "rxcui,status,note,by,date\n198440,excluded,not stocked,pharmacy,2026-11-01\n"
    library = read(tmp_path, formulary=rows)
    assert said(library) == []
    assert not orderable(library).allowed
    assert orderable(library, "inr").allowed


def test_a_product_without_a_row_is_allowed(tmp_path: Path) -> None:
    assert orderable(read(tmp_path, formulary="rxcui,status,note,by,date\n")).allowed


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("198440,exclude,,pharmacy,2026-11-01", "row 1: a product is 'allowed' or 'excluded', found 'exclude'"),
        ("161,excluded,,pharmacy,2026-11-01", "row 1: '161' is no generic product (SCD) of RxNorm"),
        ("198440,excluded,,,2026-11-01", "row 1: 'by' must not be empty"),
    ],
)
def test_a_mistake_in_the_formulary_is_explained(row: str, message: str, tmp_path: Path) -> None:
    (found,) = said(read(tmp_path, formulary=f"rxcui,status,note,by,date\n{row}\n"))
    assert found.startswith(message)


def test_a_product_stands_in_the_formulary_once(tmp_path: Path) -> None:
    row = "198440,allowed,,pharmacy,2026-11-01\n"
    found = said(read(tmp_path, formulary=f"rxcui,status,note,by,date\n{row}{row}"))
    assert found == ["row 2: 198440 stands in this file twice; keep one row"]


@pytest.mark.parametrize(("code", "valid"), [("2160-0", True), ("2160-1", False), ("6301-6", True), ("x", False)])
def test_a_loinc_code_has_its_check_digit(code: str, valid: bool) -> None:
    assert is_loinc(code) is valid


def test_at_least_sixty_orderables_ship_each_with_a_source() -> None:
    orderables = shipped_library().vocabulary.orderables
    assert len(orderables) >= 60
    assert all(each.source and each.population for each in orderables.values())


@needs_shared
@pytest.mark.shared
def test_every_loinc_code_that_ships_is_the_named_one_of_the_verified_list() -> None:
    with (SHARED / "data/drugs/loinc/med_safety_loinc.csv").open(encoding="utf-8") as file:
        names = {row["loinc"]: row["name"] for row in csv.DictReader(file)}
    labs = [each for each in shipped_library().vocabulary.orderables.values() if each.kind == "lab"]
    assert {each.loinc: each.product for each in labs} == {each.loinc: names[each.loinc] for each in labs}
