"""The facts of one drug, written `this.x`, `a.x` or `b.x` in rules."""

from cds_service.chart.fact_type import FactType, Kind
from cds_service.terminology.products import Route

# What is no mass is counted in its own units, and so is a dose of it.
NO_MASS = ("[IU]", "meq", "mmol")


def _of_drug(name: str, label: str, kind: Kind, unit: str | None = None, words: tuple[str, ...] = ()) -> FactType:
    return FactType(name, label, kind, of="drug", unit=unit, words=words)


def _dose(name: str, label: str, per: str = "", inputs: tuple[str, ...] = ()) -> FactType:
    others = tuple(unit + per for unit in NO_MASS)
    return FactType(name, label, Kind.QUANTITY, of="drug", unit=f"mg{per}", other_units=others, inputs=inputs)


DOSES = (
    _dose("daily_dose", "daily dose of this product", "/d"),
    _dose("single_dose", "single dose"),
    _dose("total_daily_dose", "daily dose over all products", "/d"),
    _dose("total_single_dose", "single dose over all products"),
    _dose("weekly_dose", "weekly dose of this product", "/wk"),
    _dose("single_dose_per_kg", "single dose per kg", "/kg", inputs=("weight",)),
    _dose("daily_dose_per_kg", "daily dose of this product per kg", "/kg/d", inputs=("weight",)),
    _dose("total_daily_dose_per_kg", "daily dose over all products per kg", "/kg/d", inputs=("weight",)),
    FactType("strength", "strength", Kind.QUANTITY, of="drug", unit="mg", other_units=(*NO_MASS, "ug/h")),
    _of_drug("interval_hours", "hours between doses", Kind.QUANTITY, "h"),
)

DRUG = (
    *DOSES,
    _of_drug("times_per_day", "frequency", Kind.QUANTITY, "/d"),
    _of_drug("days_on", "taken so far", Kind.QUANTITY, "d"),
    _of_drug("duration_days", "planned duration", Kind.QUANTITY, "d"),
    _of_drug("zero_dose", "dose of nothing", Kind.BOOLEAN),
    _of_drug("as_needed", "taken as needed", Kind.BOOLEAN),
    _of_drug("is_new", "new on the list", Kind.BOOLEAN),
    _of_drug("is_draft", "not yet signed", Kind.BOOLEAN),
    _of_drug("dose_increased", "dose increased", Kind.BOOLEAN),
    _of_drug("dose_change", "dose change", Kind.CODE, words=("same", "increased", "decreased", "new")),
    _of_drug("dose_form", "dose form", Kind.CODE),
    _of_drug("route", "route class", Kind.CODE, words=tuple(Route)),
    _of_drug("allergy_same_ingredient", "recorded allergy to the same ingredient", Kind.BOOLEAN),
    _of_drug(
        "same_ingredient_reaction",
        "recorded reaction to the same ingredient",
        Kind.CODE,
        words=("severe", "allergy", "intolerance"),
    ),
)
