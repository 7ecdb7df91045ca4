"""Turns the examples of a rule into charts with the outcome each must have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cds_service.chart.catalogue import FactType, Kind
from cds_service.chart.chart import FROM_DRUGS, Chart
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown, Unrecognised
from cds_service.knowledge.example_drugs import build_drug, link_renewals, read_written
from cds_service.knowledge.example_items import Listed, read_allergies, read_problems, read_procedures, read_services
from cds_service.knowledge.page import Page, join, suggest
from cds_service.knowledge.read_shape import describe, is_number
from cds_service.knowledge.vocabulary import PATIENT_FACTS
from cds_service.terminology.products import Terminology

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)  # the moment every example plays at
VALUES = {name: fact for name, fact in PATIENT_FACTS.items() if fact.kind is not Kind.LIST}
NOTHING: Mapping[str, Fact[Any]] = {name: Unknown(Reason.NOT_RECORDED) for name in VALUES if name not in FROM_DRUGS}
LISTS = ("conditions", "past_conditions", "allergies", "procedures", "procedures_ordered")
MOST_DAYS = 36500  # a hundred years
UNREAD: Items[Any] = Items(complete=False, reason=Reason.NOT_SENT)


@dataclass(frozen=True, slots=True)
class Example:
    """A chart and what one rule must say of it. `derived` examples were made by the checker, not written."""

    name: str
    chart: Chart
    outcome: str
    indicator: str | None = None
    missing: tuple[str, ...] = ()
    lowered: bool | None = None
    derived: bool = False
    where: str = ""


def read_examples(
    page: Page, documents: list[Mapping[str, Any]], hooks: frozenset[str], listed: Listed, terminology: Terminology
) -> Iterator[Example]:
    """The examples of one rule; those that cannot be read are noted and left out."""
    for number, document in enumerate(documents, 1):
        before = len(page.problems)
        where = f"example[{number}]"
        chart = build_chart(page, where, document, hooks, listed, terminology)
        if len(page.problems) > before:
            continue
        expect = document["expect"]
        yield Example(
            name=document["name"],
            chart=chart,
            outcome=expect["outcome"],
            indicator=expect.get("indicator"),
            missing=tuple(expect.get("missing", ())),
            lowered=expect.get("lowered"),
            derived=document.get("derived", False),
            where=where,
        )


def build_chart(
    page: Page, where: str, document: Mapping[str, Any], hooks: frozenset[str], listed: Listed, terminology: Terminology
) -> Chart:
    """The chart of one example. Lists that are not named were read and are empty; values not named are unknown."""
    given = document.get("chart", {})
    orders, drugs, continued = link_renewals(
        read_drugs(page, join(where, "order"), document.get("order", []), "draft", terminology),
        read_drugs(page, join(where, "drugs"), document.get("drugs", []), "drug", terminology),
    )
    paths = {name: join(where, f"chart.{name}") for name in LISTS}
    texts = {name: read_texts(page, paths[name], given.get(name, [])) for name in LISTS}
    problems = (
        *read_problems(page, paths["conditions"], texts["conditions"], listed, active=True),
        *read_problems(page, paths["past_conditions"], texts["past_conditions"], listed, active=False),
    )
    allergies = read_allergies(page, paths["allergies"], texts["allergies"], listed, terminology)
    procedures = read_procedures(page, paths["procedures"], texts["procedures"], listed)
    ordered = read_services(page, paths["procedures_ordered"], texts["procedures_ordered"], listed)
    strangers = tuple(Unrecognised(text) for text in document.get("unrecognised", ()))
    hidden = document.get("unread", ())

    def read(name: str, items: tuple[Any, ...], unplaced: tuple[Unrecognised, ...] = ()) -> Items[Any]:
        return UNREAD if name in hidden else Items(items, unplaced, complete=True, reason=None)

    return Chart(
        now=NOW,
        hook=document.get("hook") or choose_hook(bool(orders), hooks),
        medications=read("medications", drugs, strangers),
        orders=read("orders", orders),
        allergies=read("allergies", tuple(allergies)),
        conditions=read("conditions", problems),
        procedures=read("procedures", tuple(procedures)),
        procedures_ordered=read("procedures_ordered", tuple(ordered)),
        values={**NOTHING, **read_values(page, join(where, "chart"), given)},
        continued=continued,
        inpatient=given.get("inpatient") is True,
    )


def read_texts(page: Page, where: str, value: Any) -> list[str]:
    """A list of texts, or none with the reason on the page."""
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return value
    page.note(where, f"found {describe(value)}, expected a list of texts")
    return []


def choose_hook(has_orders: bool, hooks: frozenset[str]) -> str:
    """order-sign with an order, patient-view without, if the rule runs there; else its first other hook."""
    wanted = "order-sign" if has_orders else "patient-view"
    return wanted if wanted in hooks or not hooks else min(hooks)


def read_drugs(page: Page, where: str, texts: list[str], kind: str, terminology: Terminology) -> tuple[Drug, ...]:
    drugs = []
    for number, text in enumerate(texts, 1):
        written = read_written(page, f"{where}[{number}]", text, terminology)
        if written:
            drugs.append(build_drug(written, f"MedicationRequest/{kind}-{number}", NOW, is_draft=kind == "draft"))
    return tuple(drugs)


def read_values(page: Page, where: str, given: Mapping[str, Any]) -> dict[str, Fact[Any]]:
    """The single values an example gives, checked against the catalogue."""
    values: dict[str, Fact[Any]] = {}
    for name, value in given.items():
        if name in LISTS:
            continue
        path = join(where, name)
        if name not in VALUES:
            page.note(path, f"no fact called {name!r}{suggest(name, (*VALUES, *LISTS))}")
        elif fact := read_value(page, path, value, VALUES[name]):
            values[name] = fact
    return values


def read_value(page: Page, where: str, value: Any, fact: FactType) -> Known[Any] | None:
    if fact.kind is Kind.QUANTITY:
        return read_quantity(page, where, value, fact)
    if fact.kind is Kind.BOOLEAN and not isinstance(value, bool):
        page.note(where, f"found {describe(value)}, expected true or false")
        return None
    if fact.kind is Kind.CODE and value not in fact.words:
        page.note(where, f"{fact.name!r} is never {describe(value)}{suggest(str(value), fact.words)}")
        return None
    return Known(value, None, (Source("example", NOW),), NOW)


def read_quantity(page: Page, where: str, value: Any, fact: FactType) -> Known[float] | None:
    """`{ value = 4.8, unit = "{INR}", days_ago = 3 }`."""
    if not isinstance(value, dict) or not is_number(value.get("value")) or value.keys() - {"value", "unit", "days_ago"}:
        page.note(where, f'write {{ value = 1.0, unit = "{fact.unit}", days_ago = 3 }}')
    elif value.get("unit") != fact.unit:
        page.note(where, f"{fact.name!r} is counted in {fact.unit!r}, found {value.get('unit')!r}")
    elif not is_number(value.get("days_ago", 0)) or not 0 <= value.get("days_ago", 0) <= MOST_DAYS:
        page.note(where, f"'days_ago' is a number from 0 to {MOST_DAYS}")
    else:
        as_of = NOW - timedelta(days=value.get("days_ago", 0))
        return Known(float(value["value"]), fact.unit, (Source("example", as_of),), as_of)
    return None
