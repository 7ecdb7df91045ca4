"""Reads the vignettes: a chart, what is ordered, and what a good pharmacist would say or leave unsaid.

Charts are written as in the examples of rules (`rules/README.md`, section `[[example]]`), and read by the same reader.
What a real call works out from the chart (age in months, clearance, hospice care, values too old to use) is worked
out here in the same way.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.chart import Chart
from cds_service.chart.derived import DERIVATIONS
from cds_service.chart.drugs import Problem
from cds_service.chart.facts import Fact, Items, Known, Reason, Unknown
from cds_service.chart.lactation import listed
from cds_service.chart.people import comfort_care
from cds_service.chart.pregnancy import is_pregnant
from cds_service.knowledge.example_items import Listed
from cds_service.knowledge.examples import build_chart
from cds_service.knowledge.page import Page
from cds_service.knowledge.rules import Indicator
from cds_service.terminology.products import Terminology
from tests.rules.library import shipped
from tests.vignettes.genes import genomic_facts

FOLDER = Path(__file__).parent
NOT_VIGNETTES = {"covered.toml", "misses.toml"}
NO_NAMES = Listed({})  # vignettes name conditions by code alone: they know nothing of our value sets
MONTHS_PER_YEAR = 12

# What a vignette calls a problem, and the rule families that may speak of it. Sources overlap: a rise in potassium may
# be an interaction, a burden or a laboratory alert; what counts is that the right thing is said about the right drugs.
KINDS: Mapping[str, frozenset[str]] = {
    kind: frozenset(families.split())
    for kind, families in {
        "interaction": "interaction burden duplicate",
        "burden": "burden interaction age monitoring disease duplicate",
        "allergy": "allergy",
        "duplicate": "duplicate interaction burden",
        "dose": "dose burden age",
        "renal": "renal disease age monitoring dose interaction",
        "hepatic": "hepatic disease dose",
        "pregnancy": "pregnancy",
        "lactation": "lactation",
        "age": "age disease interaction burden dose",
        "child": "age dose",
        "disease": "disease age renal hepatic interaction burden",
        "qt": "interaction burden monitoring disease dose age",
        "opioid": "burden dose interaction age monitoring disease omission",
        "monitoring": "monitoring disease renal burden interaction age",
        "genomics": "genomics",
        "omission": "omission burden monitoring age disease interaction dose",
        "other-orders": "interaction renal disease pregnancy monitoring burden",
    }.items()
}


class BadVignettes(Exception):
    """Vignettes that cannot be read, one line for each mistake."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One card a pharmacist would want: kind of problem, RXCUIs of the ingredients it must name, how urgent."""

    kind: str
    about: frozenset[str]
    at_least: Indicator
    at_most: Indicator | None = None


@dataclass(frozen=True, slots=True)
class Vignette:
    """One patient, one moment. Exactly one of `says`, `silent` and `at_most` is expected.

    `at_most` means: nothing more urgent than that, and silence is as good.
    """

    id: str
    family: str
    name: str
    chart: Chart
    why: str
    source: str
    says: tuple[Expected, ...] = ()
    silent: bool = False
    at_most: Indicator | None = None


def read_vignettes(terminology: Terminology, folder: Path = FOLDER) -> tuple[Vignette, ...]:
    """Every vignette of the folder, by file. Raises `BadVignettes` naming each mistake."""
    vignettes: list[Vignette] = []
    pages: list[Page] = []
    for path in sorted(folder.glob("*.toml")):
        if path.name in NOT_VIGNETTES:
            continue
        text = path.read_text()
        pages.append(page := Page(path.name, text))
        documents = tomllib.loads(text).get("vignette", [])
        vignettes += (read_vignette(page, number, each, terminology) for number, each in enumerate(documents, 1))
    problems = [problem for page in pages for problem in page.problems]
    if problems:
        lines = (f"{each.file}:{each.line or '?'} {each.where}: {each.message}" for each in problems)
        raise BadVignettes("\n".join(lines))
    return tuple(vignettes)


def read_vignette(page: Page, number: int, document: Mapping[str, Any], terminology: Terminology) -> Vignette:
    where = f"vignette[{number}]"
    chart = build_chart(page, where, document, frozenset(), NO_NAMES, terminology)
    tested = genomic_facts(document.get("genomics", {}), shipped().release.genes)
    services = tuple(document.get("services", ()))
    chart = complete(replace(chart, ordered_services=services, values={**chart.values, **tested}))
    expect = document["expect"]
    if sum(key in expect for key in ("says", "silent", "at_most")) != 1:
        page.note(f"{where}.expect", "write one of 'says', 'silent' and 'at_most'")
    return Vignette(
        id=document["id"],
        family=document["family"],
        name=document["name"],
        chart=chart,
        why=document["why"],
        source=document["source"],
        says=tuple(read_expected(page, where, each, chart, terminology) for each in expect.get("says", ())),
        silent=expect.get("silent", False),
        at_most=Indicator(expect["at_most"]) if "at_most" in expect else None,
    )


def read_expected(
    page: Page, where: str, document: Mapping[str, Any], chart: Chart, terminology: Terminology
) -> Expected:
    """One expected card. Every ingredient it names must be of a drug on the chart."""
    present = {each.rxcui for drug in chart.drugs for each in drug.ingredients}
    about = set()
    for name in document["about"]:
        product = terminology.by_name(name)
        found = {each.rxcui for each in product.ingredients} if product else set()
        if not found or not found <= present:
            page.note(f"{where}.expect", f"{name!r} is no ingredient of a drug on this chart")
        about |= found
    if document["kind"] not in KINDS:
        page.note(f"{where}.expect", f"no kind called {document['kind']!r}")
    most = document.get("at_most")
    return Expected(
        document["kind"], frozenset(about), Indicator(document["at_least"]), Indicator(most) if most else None
    )


def complete(chart: Chart) -> Chart:
    """The chart with the facts that a call works out by itself; what the vignette states stands."""
    values = {name: expire(name, fact, chart) for name, fact in chart.values.items()}
    worked_out: dict[str, Fact[Any]] = {
        "age_months": in_months(values["age"]),
        "deceased": Known(False),
        "inpatient": Known(chart.inpatient),
        "comfort_care": comfort_care(chart.conditions),
        "pregnant": is_pregnant(values["pregnancy_status"]),
        "lactating": is_nursing(chart.conditions),
    }
    for name, fact in worked_out.items():
        fill(values, name, fact)
    for name, derive in DERIVATIONS.items():
        fill(values, name, derive(values))
    return replace(chart, values=values)


def fill(values: dict[str, Fact[Any]], name: str, fact: Fact[Any]) -> None:
    if isinstance(values[name], Unknown):
        values[name] = fact


def is_nursing(conditions: Items[Problem]) -> Fact[bool]:
    """Breastfeeding as the problem list has it; vignettes leave out when it was written down."""
    return next(iter(listed(conditions)), Unknown(Reason.NOT_RECORDED))


def in_months(age: Fact[float]) -> Fact[float]:
    return age if isinstance(age, Unknown) else Known(age.value * MONTHS_PER_YEAR, "mo", age.sources, age.as_of)


def expire(name: str, fact: Fact[Any], chart: Chart) -> Fact[Any]:
    """Unknown when the value is past its shelf life, as it is when read from a record."""
    kind = CATALOGUE[name]
    days = kind.shelf_life_inpatient_days if chart.inpatient else kind.shelf_life_days
    if isinstance(fact, Known) and days is not None and age_of(fact, chart.now) > timedelta(days=days):
        return Unknown(Reason.TOO_OLD, "", fact.as_of)
    return fact


def age_of(fact: Known[Any], now: datetime) -> timedelta:
    return now - fact.as_of if fact.as_of else timedelta()
