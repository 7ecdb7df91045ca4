"""For each structured reference: how a row is called, and which rules say it."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cds_service.chart.opioids import FENTANYL, NO_FACTOR, ORAL
from cds_service.chart.qt_drugs import KNOWN, POSSIBLE
from tests.rules.rows import (
    Reading,
    Row,
    Said,
    about,
    codes,
    every,
    number,
    read_table,
    readings,
    said_of_pair,
    some,
)

BY_HAND = Path(__file__).with_name("read_by_hand.csv")
EGFR, CRCL = "egfr_ckdepi2021", "crcl"
DAILY = ("total_daily_dose", "daily_dose", "exact_daily_dose")
SINGLE = ("single_dose",)
PER_KG = ("total_daily_dose_per_kg", "daily_dose_per_kg")
WEEKLY = ("weekly_dose",)
KIDNEY = ("renal", "age", "dose")
FACT_OF_LAB = {
    "alt": ("alt", "alt_times_uln"),
    "digoxin": ("digoxin_level",),
    "lithium": ("lithium_level",),
    "valproate": ("valproate_level",),
    "carbamazepine": ("carbamazepine_level",),
    "phenytoin": ("phenytoin_level",),
    "theophylline": ("theophylline_level",),
    "vancomycin": ("vancomycin_level",),
    "tacrolimus": ("tacrolimus_level",),
    "egfr": (EGFR, CRCL),
    "creatinine": ("creatinine", EGFR, CRCL),
}


def allergy(row: Row) -> Said:
    """For every recorded and every ordered drug of the row, a rule that meets both."""
    recorded, ordered = codes(row["trigger_rxcuis"]), codes(row["warn_rxcuis"])
    if not ordered:
        return ()
    return every(allergy_rules(drug, recorded, row["snomed"]) for drug in ordered)


def allergy_rules(drug: str, recorded: frozenset[str], snomed: str) -> Said:
    found = []
    for each in about(drug, "allergy"):
        sets = [line.value_set for line in each.lines if line.fact.startswith("allerg") and line.value_set]
        named = frozenset[str]().union(*(value.ingredients for value in sets))
        coded = {code for value in sets for _, code in value.codes}
        if named & recorded or snomed in coded:
            found.append(each)
    return some(found) or (("allergy-same-ingredient",) if drug in recorded else ())


def duplicate(row: Row) -> Said:
    members = sorted(codes(row["rxcuis"]))
    return every(said_of_pair(left, right) for left in members for right in members if left < right)


@cache
def pairs_by_id() -> Mapping[str, list[tuple[str, str]]]:
    """The pairs of drugs that each row of classes stands for."""
    pairs: dict[str, list[tuple[str, str]]] = {}
    for row in read_table("ddi_pairs_expanded"):
        pairs.setdefault(row["id"], []).append((row["a_rxcui"], row["b_rxcui"]))
    return pairs


def interaction(row: Row) -> Said:
    return every(said_of_pair(left, right) for left, right in pairs_by_id().get(row["id"], ()))


def interacting_pair(row: Row) -> Said:
    return said_of_pair(row["a_rxcui"], row["b_rxcui"])


def member(row: Row) -> Said:
    """A member of a set: any rule that looks at this drug."""
    return some(each for each in readings() if row["rxcui"] in each.ingredients or each.names_drug(row["rxcui"]))


def geriatric(row: Row) -> Said:
    drugs, partners = codes(row["rxcui"]), codes(row["partner_rxcui"])
    if partners:
        return every(said_of_pair(left, right) for left in drugs for right in partners if left != right)
    snomed, prefixes = (
        codes(row["condition_snomed"]),
        [each for each in row["condition_icd10_prefix"].split(";") if each],
    )
    return every(some(old_age(about_anything(code), row, snomed, prefixes)) for code in drugs)


@cache
def about_anything(rxcui: str) -> tuple[Reading, ...]:
    return tuple(each for each in readings() if rxcui in each.ingredients)


def old_age(reads: Iterable[Reading], row: Row, snomed: frozenset[str], prefixes: list[str]) -> Iterable[Reading]:
    """Of the rules on a drug those on the row's condition or value, and without either those from an age on."""
    fact = row["lab_condition"].split(" ")[0]
    for each in reads:
        if snomed or prefixes:
            if each.names_condition(snomed, prefixes):
                yield each
        elif fact:
            if each.asks({"crcl": CRCL, "egfr": EGFR}.get(fact, fact)):
                yield each
        elif each.limits("age") & {60.0, 65.0, 70.0, 75.0, 80.0}:
            yield each


def hepatic(row: Row) -> Said:
    reads = about(row["rxcui"], "hepatic")
    if row["condition_type"] == "child_pugh":
        grades = "ABC" if row["child_pugh"] == "any" else row["child_pugh"]
        of_class = every(some(each for each in reads if grade in each.words("child_pugh_class")) for grade in grades)
        return of_class or some(each for each in reads if not_lower(each, grades) or says_any_class(each))
    if row["alt_x_uln"]:
        return some(each for each in reads if number(row["alt_x_uln"]) in each.limits("alt_times_uln"))
    return some(each for each in reads if each.asks("conditions") or each.asks("child_pugh_class"))


def not_lower(each: Reading, grades: str) -> bool:
    """A ceiling from some class on: the class is not one of those that it leaves out."""
    left_out = each.words("child_pugh_class")
    return bool(each.limits(*DAILY)) and bool(left_out) and not left_out & set(grades) and each.asks("child_pugh_class")


def says_any_class(each: Reading) -> bool:
    """A limit with liver disease of any class."""
    return bool(each.limits(*DAILY)) and each.asks("conditions") and not each.asks("child_pugh_class")


def monitoring(row: Row) -> Said:
    facts = FACT_OF_LAB.get(row["lab"], (row["lab"],))
    return every(
        some(each for each in about(code, "monitoring") if any(map(each.asks, facts))) for code in codes(row["rxcui"])
    )


def lactation(row: Row) -> Said:
    return every(some(about(code, "lactation")) for code in codes(row["rxcui"]))


def pregnancy(row: Row) -> Said:
    return every(some(about(code, "pregnancy")) for code in codes(row["rxcui"]))


def highest_dose(row: Row) -> Said:
    """A rule for each number that the row gives, at just this number.

    At most once a day is at most so much at once: the daily maximum says both.
    """
    factor = 0.001 if row["unit"] == "mcg" else 1
    single, daily, weekly = (
        number(row[column]) * factor if row[column] else None for column in ("max_single", "max_daily", "max_weekly")
    )
    parts = [(daily, PER_KG if "kg" in row["unit"] else DAILY), (weekly, WEEKLY)]
    if single != (daily or weekly):
        parts.append((single, SINGLE))
    reads = about(row["rxcui"], "dose")
    return every(
        some(each for each in reads if round(limit, 6) in each.needed_limits(*facts)) for limit, facts in parts if limit
    )


def mme(row: Row) -> Said:
    """The factor of the chart; no rule, but what rules on the daily MME are computed from."""
    if row["rxcui"] in NO_FACTOR and row["status"] != "factor":
        return ("mme_daily",)
    factor = number(row["factor"]) if row["factor"] else None
    if row["rxcui"] == FENTANYL or ORAL.get(row["rxcui"]) == factor:
        return ("mme_daily",)
    return ()


def child(row: Row) -> Said:
    reads = about(row["rxcui"], "dose", "age", "paediatric")
    if row["rule"] != "dose":
        below = row["contraindicated_below_months"] or row["age_max_months"]
        return some(each for each in reads if below and number(below) in each.limits("age_months"))
    kinds = (
        ("mg_per_kg_dose", ("single_dose_per_kg",)),
        ("mg_per_kg_day", PER_KG),
        ("absolute_max_dose", SINGLE),
        ("absolute_max_day", DAILY),
    )
    return some(
        each
        for each in reads
        if any(row[column] and number(row[column]) in each.needed_limits(*facts) for column, facts in kinds)
    )


def qt(row: Row) -> Said:
    return ("qt-drugs",) if row["rxcui"] in KNOWN | POSSIBLE else some(qt_rules(row["rxcui"]))


def qt_rules(rxcui: str) -> Iterable[Reading]:
    return (each for each in readings() if each.rule.problem == "qt-prolongation" and rxcui in each.ingredients)


def kidney(row: Row) -> Said:
    """A rule on the drug by the row's measure with a limit of the row; for rows on dialysis one that asks for it."""
    fact = EGFR if row["metric"] == EGFR else CRCL
    edges = {number(row[name]) for name in ("lower", "upper") if row[name]}
    reads = about(row["rxcui"], *KIDNEY)
    if not edges:
        return some(each for each in reads if each.asks("dialysis"))
    return some(each for each in reads if edges & each.limits(fact))


def gene(row: Row) -> Said:
    genes = row["gene"].replace("-", "_").lower().replace("+", ";").replace(" ", "").split(";")
    return some(
        each
        for each in about(row["rxcui"], "genomics")
        if any(line.fact.lower().startswith(each_gene) for line in each.lines for each_gene in genes)
    )


def by_hand_only(row: Row) -> Said:
    """Diseases stand in words there: a person reads which rule says a row."""
    return ()


@dataclass(frozen=True)
class Table:
    """`name` gives a row its name by these columns; rows of one name are numbered."""

    columns: tuple[str, ...]
    said: Callable[[Row], Said]


REFERENCES: Mapping[str, Table] = {
    "allergy": Table(("allergy_class",), allergy),
    "cpic_pairs": Table(("drug", "gene", "phenotype", "population"), gene),
    "ddi_pairs_expanded": Table(("id", "a", "b"), interacting_pair),
    "ddi_rules": Table(("id",), interaction),
    "drug_disease": Table(("drug/set", "disease"), by_hand_only),
    "drug_sets": Table(("set", "ingredient"), member),
    "duplicate_therapy": Table(("group",), duplicate),
    "geriatric": Table(("id",), geriatric),
    "hepatic": Table(("drug", "formulation", "child_pugh", "condition"), hepatic),
    "lab_monitoring": Table(("drug_or_set", "lab"), monitoring),
    "lactation": Table(("drug_or_set",), lactation),
    "max_dose": Table(("drug", "route", "formulation", "population", "indication"), highest_dose),
    "mme_2022": Table(("opioid", "route"), mme),
    "paediatric": Table(("drug", "route", "indication"), child),
    "pregnancy": Table(("drug_or_set", "when"), pregnancy),
    "qt": Table(("drug",), qt),
    "renal": Table(("drug", "route", "indication", "lower", "upper", "applies_to"), kidney),
}


def name_rows(table: str) -> list[tuple[str, Row]]:
    """The rows of a reference, each with a name of its own."""
    seen: Counter[str] = Counter()
    named = []
    for row in read_table(table):
        name = " / ".join(row[column] for column in REFERENCES[table].columns if row[column])
        seen[name] += 1
        named.append((name if seen[name] == 1 else f"{name} #{seen[name]}", row))
    return named


@cache
def read_by_hand() -> Mapping[tuple[str, str], Said]:
    """Rows that a person has read, by table and name, with the rules that say them."""
    with BY_HAND.open(encoding="utf-8", newline="") as file:
        return {(row["table"], row["row"]): tuple(row["rules"].split()) for row in csv.DictReader(file)}


def said(table: str, name: str, row: Row) -> Said:
    """The rules that say a row of a reference."""
    return read_by_hand().get((table, name)) or REFERENCES[table].said(row)
