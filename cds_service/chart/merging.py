"""The same drug written down twice: kept once when it is clearly the same, never when strength or dose differ."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from cds_service.chart.doses import differ
from cds_service.chart.drugs import PAUSED, Drug
from cds_service.chart.facts import Known
from cds_service.terminology.products import Route

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Record(msgspec.Struct, frozen=True):
    """A drug with the references it says it is based on, and whether it is a statement rather than an order."""

    drug: Drug
    based_on: tuple[str, ...] = ()
    is_statement: bool = False


class Merged(msgspec.Struct, frozen=True):
    drugs: tuple[Drug, ...]
    same_as: Mapping[str, str]
    notes: tuple[str, ...]


def merge(records: Sequence[Record]) -> Merged:
    """Each drug once. Of twins the active one stays, then the one with a dose, the order, the newest."""
    if len({frozenset(record.drug.ingredient_rxcuis) for record in records}) == len(records):
        return Merged(tuple([record.drug for record in records]), {}, ())
    kept: dict[frozenset[str], list[Record]] = {}  # by ingredients: twins hold the same
    same_as: dict[str, str] = {}
    notes: list[str] = []
    for record in sorted(records, key=_preference):
        others = kept.setdefault(frozenset(record.drug.ingredient_rxcuis), [])
        twin = next((other for other in others if _same(other, record)), None)
        if twin is None:
            others.append(record)
            continue
        same_as[record.drug.reference] = twin.drug.reference
        notes.append(f"{record.drug.reference} is the same as {twin.drug.reference}")
    staying = {record.drug.reference for others in kept.values() for record in others}
    drugs = tuple(record.drug for record in records if record.drug.reference in staying)
    return Merged(drugs, same_as, tuple(notes))


def same_content(one: Drug, other: Drug) -> bool:
    """Equal ingredients in equal, stated strengths, in the same dose form and route.

    A chart that leaves the form open ("furosemide 40 mg") does not contradict one that states it.
    """
    strengths = [{(part.rxcui, part.strength) for part in drug.ingredients} for drug in (one, other)]
    if strengths[0] != strengths[1] or any(strength is None for _, strength in strengths[0]):
        return False
    same_form = one.dose_form == other.dose_form or None in (one.dose_form, other.dose_form)
    return same_form and (one.route == other.route or Route.UNKNOWN in (one.route, other.route))


def _preference(record: Record) -> tuple[bool, bool, bool, float]:
    drug = record.drug
    dosed = any(isinstance(fact, Known) for fact in drug.dose.daily.values())
    age = ((drug.authored or LONG_AGO) - LONG_AGO).total_seconds()
    return drug.status == PAUSED, not dosed, record.is_statement, -age


def _same(kept: Record, record: Record) -> bool:
    one, other = kept.drug, record.drug
    if one.reference in record.based_on or other.reference in kept.based_on:
        return set(one.ingredient_rxcuis) == set(other.ingredient_rxcuis)
    return (_one_product(kept, record) or _said_again(kept, record)) and not _differ(one, other)


def _one_product(one: Record, other: Record) -> bool:
    return bool(one.drug.rxcui) and one.drug.rxcui == other.drug.rxcui


def _said_again(one: Record, other: Record) -> bool:
    """An order, and a statement of the same content or of just its ingredients."""
    if one.is_statement == other.is_statement:
        return False
    statement, order = (one.drug, other.drug) if one.is_statement else (other.drug, one.drug)
    bare = all(part.strength is None for part in statement.ingredients) and not statement.dose_form
    same_drug = set(statement.ingredient_rxcuis) == set(order.ingredient_rxcuis)
    return same_drug and (bare or same_content(statement, order))


def _differ(one: Drug, other: Drug) -> bool:
    """Doses that are both known and not equal, or one scheduled and the other as needed."""
    needs = (one.dose.as_needed, other.dose.as_needed)
    if isinstance(needs[0], Known) and isinstance(needs[1], Known) and needs[0].value != needs[1].value:
        return True
    return differ(one.dose, other.dose)
