"""Facts of one drug on the chart, as rules name them: `this.daily_dose`, `a.is_new`."""

from datetime import timedelta
from types import MappingProxyType
from typing import Any

from cds_service.chart.allergens import may_be_any_drug
from cds_service.chart.chart import Chart
from cds_service.chart.dose_facts import DOSE_FACTS, DrugFact
from cds_service.chart.drugs import Allergy, Drug
from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.chart.numbers import tidy
from cds_service.terminology.products import Route
from cds_service.terminology.units import convert

NOT_RECORDED = Unknown(Reason.NOT_RECORDED)
STRENGTH_UNITS = ("mg", "[IU]", "meq", "mmol", "ug/h")


def drug_fact(chart: Chart, drug: Drug, ingredient: str, name: str) -> Fact[Any]:
    """The fact `name` of a drug bound by its `ingredient` (RxNorm IN).

    Raises KeyError for a name that is no fact of a drug.
    """
    return _FACTS[name](chart, drug, ingredient)


def as_needed(chart: Chart, drug: Drug, ingredient: str) -> Fact[bool]:
    return drug.dose.as_needed


def is_new(chart: Chart, drug: Drug, ingredient: str) -> Fact[bool]:
    """Whether a draft brings the ingredient to the patient; not for a renewal, nor for an active medication."""
    return Known(_is_new(chart, drug, ingredient), sources=_source(drug))


def is_draft(chart: Chart, drug: Drug, ingredient: str) -> Fact[bool]:
    return Known(drug.is_draft, sources=_source(drug))


def dose_change(chart: Chart, drug: Drug, ingredient: str) -> Fact[str]:
    """What a renewal does to the daily dose: "same", "increased" or "decreased".

    "new" for a draft that renews nothing; an active medication stays the "same".
    """
    if drug.dose_change == "unknown":
        return Unknown(Reason.NOT_RECORDED, "dose before or after the change not recorded")
    return Known(drug.dose_change or ("new" if drug.is_draft else "same"), sources=_source(drug))


def dose_increased(chart: Chart, drug: Drug, ingredient: str) -> Fact[bool]:
    """Whether a renewal raises the dose. False for what renews nothing."""
    if drug.dose_change == "unknown":
        return Unknown(Reason.NOT_RECORDED, "dose before or after the change not recorded")
    return Known(drug.dose_change == "increased", sources=_source(drug))


def days_on(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """Days since the order was written, `d`; a renewal counts from the order it renews. 0 for a new draft.

    A lower bound for what is taken already: an earlier order may have come before.
    """
    if _is_new(chart, drug, ingredient):
        return Known(0.0, "d", _source(drug), chart.now)
    began = chart.continued.get(drug.reference, drug)
    if began.authored is None:
        return NOT_RECORDED
    days = max((chart.now - began.authored) / timedelta(days=1), 0.0)
    return Known(tidy(days), "d", _source(began), chart.now, at_least=True)


def duration_days(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """How long the order is meant to run, `d`."""
    return drug.dose.duration_days


def strength(chart: Chart, drug: Drug, ingredient: str) -> Fact[float]:
    """Amount of the ingredient in one unit of the product, `mg`; `[IU]`, `meq` or `mmol` where it is no mass.

    Of a patch what it gives in an hour, `ug/h`. A liquid has none.
    """
    for part in drug.ingredients:
        if part.rxcui == ingredient and part.strength:
            for unit in STRENGTH_UNITS:
                amount = convert(part.strength.value, part.strength.unit, unit)
                if amount is not None:
                    return Known(amount, unit, _source(drug))
            return Unknown(Reason.UNRECOGNISED, f"strength in {part.strength.unit}")
    return NOT_RECORDED


def route(chart: Chart, drug: Drug, ingredient: str) -> Fact[str]:
    """Where the drug acts, as a word of `Route`; unknown when neither product nor order says."""
    if drug.route is Route.UNKNOWN:
        return Unknown(Reason.NOT_RECORDED, "dose form or route")
    return Known(drug.route.value, sources=_source(drug))


def dose_form(chart: Chart, drug: Drug, ingredient: str) -> Fact[str]:
    """RxNorm dose form name ("Oral Tablet")."""
    return Known(drug.dose_form, sources=_source(drug)) if drug.dose_form else NOT_RECORDED


def allergy_same_ingredient(chart: Chart, drug: Drug, ingredient: str) -> Fact[bool]:
    """Whether an active allergy or intolerance to any ingredient of the drug is on the list.

    False only when the list was read whole and every entry that may be a drug is known by its ingredients. An entry
    for a whole class names no ingredient.
    """
    same = _same_ingredient(chart, drug)
    if same:
        return Known(True, sources=tuple(Source(allergy.reference) for allergy in same))
    if not chart.allergies.complete:
        return Unknown(chart.allergies.reason or Reason.NOT_SENT, "allergies")
    unplaced = [item.text for item in chart.allergies.unrecognised]
    unplaced += [allergy.name for allergy in chart.allergies.items if allergy.active and may_be_any_drug(allergy)]
    return Unknown(Reason.UNRECOGNISED, f"allergy: {', '.join(unplaced)}") if unplaced else Known(False)


def same_ingredient_reaction(chart: Chart, drug: Drug, ingredient: str) -> Fact[str]:
    """How the recorded reaction to an ingredient of the drug is classed: "severe" (by a reaction or by criticality),
    "intolerance" when nothing but intolerances are recorded, else "allergy"; the worst of several.

    Unknown without such an entry.
    """
    same = _same_ingredient(chart, drug)
    if not same:
        return NOT_RECORDED
    if any(allergy.severe or allergy.criticality == "high" for allergy in same):
        word = "severe"
    else:
        word = "intolerance" if all(allergy.kind == "intolerance" for allergy in same) else "allergy"
    return Known(word, sources=tuple(Source(allergy.reference) for allergy in same))


def _same_ingredient(chart: Chart, drug: Drug) -> list[Allergy]:
    held = set(drug.ingredient_rxcuis)
    return [allergy for allergy in chart.allergies.items if allergy.active and not held.isdisjoint(allergy.ingredients)]


def _is_new(chart: Chart, drug: Drug, ingredient: str) -> bool:
    before = chart.continued.get(drug.reference)
    renews = drug.continues is not None and (before is None or ingredient in before.ingredient_rxcuis)
    return drug.is_draft and not renews


def _source(drug: Drug) -> tuple[Source, ...]:
    return (Source(drug.reference, drug.authored),)


_FACTS: MappingProxyType[str, DrugFact] = MappingProxyType(
    {
        **DOSE_FACTS,
        **{
            fact.__name__: fact
            for fact in (
                *(as_needed, is_new, is_draft, dose_change, dose_increased, days_on, duration_days),
                *(strength, route, dose_form, allergy_same_ingredient, same_ingredient_reaction),
            )
        },
    }
)
