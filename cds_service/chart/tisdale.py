"""The Tisdale score of a patient with the drugs now on the chart: the risk that the QT interval prolongs.

What is not known may or may not add its points, so the score lies between a lowest and a highest one.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from cds_service.chart.acute import INFARCTION, SEPSIS, Codes, is_acute, listed_with
from cds_service.chart.drugs import PAUSED
from cds_service.chart.equations import QtRisks, tisdale
from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.chart.problems import unsettled
from cds_service.chart.qt_drugs import KNOWN, POSSIBLE
from cds_service.terminology.products import Route

if TYPE_CHECKING:
    from cds_service.chart.chart import Chart

UNIT = "{score}"
FORMULA = "Tisdale 2013"
MODERATE_FROM, HIGH_FROM = 7, 11
QT_DRUGS = KNOWN | POSSIBLE
MOST_THAT_COUNT = 2

# RxNorm IN: bumetanide, ethacrynate, furosemide, torsemide (FDA established class loop diuretics).
LOOP_DIURETICS = frozenset({"1808", "62349", "4603", "38413"})

Span = tuple[float, float]  # from the harmless end to the harmful one
HEART_FAILURE: Codes = (
    frozenset({"84114007", "42343007", "88805009", "48447003", "56675007", "703272007", "417996009"}),
    ("I50", "I11.0", "I13.0", "I13.2"),
)


def tisdale_points(chart: Chart) -> Fact[float]:
    """The points that are certain, unit `{score}`; only a lower bound where something is not known."""
    lowest, highest = bounds(chart)
    return Known(float(lowest), UNIT, as_of=chart.now, at_least=lowest < highest, formula=FORMULA)


def tisdale_class(chart: Chart) -> Fact[str]:
    """ "low" up to 6 points, "moderate" up to 10, "high" from 11; known where nothing unknown could change it."""
    lowest, highest = bounds(chart)
    if class_of(lowest) != class_of(highest):
        return Unknown(Reason.NOT_RECORDED, f"between {lowest} and {highest} points")
    return Known(class_of(lowest), as_of=chart.now, formula=FORMULA)


def class_of(points: int) -> str:
    return "low" if points < MODERATE_FROM else "moderate" if points < HIGH_FROM else "high"


def bounds(chart: Chart) -> tuple[int, int]:
    """The fewest and the most points."""
    age, potassium, qtc = number(chart, "age", 0, inf), number(chart, "potassium", inf, 0), number(chart, "qtc", 0, inf)
    sex = chart.value("sex")
    female = (False, True) if isinstance(sex, Unknown) else (sex.value == "female",) * 2
    loop, qt = taken(chart, LOOP_DIURETICS), taken(chart, QT_DRUGS)
    infarction, sepsis, failure = acute(chart, INFARCTION), acute(chart, SEPSIS), active(chart, HEART_FAILURE)
    lowest, highest = (
        tisdale(
            QtRisks(
                age_a=age[end],
                female=female[end],
                loop_diuretic=loop[end] > 0,
                potassium_mmol_l=potassium[end],
                qtc_ms=qtc[end],
                acute_mi=infarction[end] > 0,
                sepsis=sepsis[end] > 0,
                heart_failure=failure[end] > 0,
                qt_drugs=int(qt[end]),
            )
        )
        for end in (0, 1)
    )
    return lowest, highest


def number(chart: Chart, name: str, harmless: float, harmful: float) -> Span:
    """A number of the chart; one that is not known, or only a lower bound, reaches to the ends."""
    fact = chart.value(name)
    if isinstance(fact, Unknown):
        return harmless, harmful
    if fact.at_least:
        return (fact.value, harmful) if harmful > harmless else (harmless, fact.value)
    return fact.value, fact.value


def taken(chart: Chart, ingredients: frozenset[str]) -> Span:
    """How many of these ingredients are taken: those certainly systemic, and those that may be as well."""
    drugs = [drug for drug in chart.drugs if drug.status != PAUSED]
    sure = {code for drug in drugs if drug.route is Route.SYSTEMIC for code in drug.ingredient_rxcuis}
    maybe = {code for drug in drugs if drug.route is Route.UNKNOWN for code in drug.ingredient_rxcuis}
    unseen = bool(chart.unrecognised_drugs) or not (chart.medications.complete and chart.orders.complete)
    certain = len(ingredients & sure)
    return certain, len(ingredients & (sure | maybe)) + (MOST_THAT_COUNT if unseen else 0)


def active(chart: Chart, codes: Codes) -> Span:
    """Whether a problem is on the list: 0 or 1 at either end."""
    listed = bool(listed_with(chart.conditions, codes))
    return float(listed), float(listed or unsettled(chart.conditions) is not None)


def acute(chart: Chart, codes: Codes) -> Span:
    """As `active`, for a problem that began within four weeks."""
    fact = is_acute(chart.conditions, codes, chart.now)
    return (0.0, 1.0) if isinstance(fact, Unknown) else (float(fact.value), float(fact.value))


def qt_drug_count(chart: Chart) -> Fact[float]:
    """How many drugs that prolong QT are taken, `{count}`; a lower bound where there may be more."""
    certain, possible = taken(chart, QT_DRUGS)
    return Known(float(certain), "{count}", as_of=chart.now, at_least=certain < possible)
