"""The Child-Pugh class of a patient with cirrhosis, as far as the chart decides it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from cds_service.chart import equations
from cds_service.chart.drugs import PAUSED, Problem
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown
from cds_service.chart.problems import find_problem, unsettled

if TYPE_CHECKING:
    from cds_service.chart.chart import Chart

LABS = ("bilirubin", "albumin", "inr")

# Cirrhosis, alcoholic cirrhosis (SNOMED CT); alcoholic, toxic, biliary and other cirrhosis of liver.
CIRRHOSIS_SNOMED = frozenset({"19943007", "420054005"})
CIRRHOSIS_ICD_10_CM = ("K70.3", "K71.7", "K74.3", "K74.4", "K74.5", "K74.6")

# Ascites, and liver disease "with ascites". Neither code says how much.
ASCITES_SNOMED = frozenset({"389026000"})
ASCITES_ICD_10_CM = ("R18", "K70.11", "K70.31", "K71.51")

# Hepatic encephalopathy, and hepatic failure "with coma". No code but the coma says which grade.
ENCEPHALOPATHY_SNOMED = frozenset({"13920009"})
ENCEPHALOPATHY_ICD_10_CM = ("K76.82", "K70.41", "K71.11", "K72.01", "K72.11", "K72.91")

NONE, ANY_GRADE = ("none",), ("mild", "severe")

# Anticoagulants that raise the INR by themselves (RxNorm IN): warfarin, apixaban, dabigatran etexilate, edoxaban,
# rivaroxaban, argatroban. Then, and when the drugs are not known, it may stand for any of the three ranges.
RAISE_INR = frozenset({"11289", "1364430", "1037042", "1599538", "1114195", "15202"})
INR_OF_EACH_RANGE = (1.0, 2.0, 3.0)

NO_CIRRHOSIS = "no-cirrhosis"


def child_pugh_class(chart: Chart) -> Fact[str]:
    """ "A", "B" or "C"; "no-cirrhosis" where a problem list read whole has none.

    Codes do not grade ascites and encephalopathy. The class is known where every grade they may stand for gives the
    same one, and Unknown otherwise. Nothing is taken from laboratory values alone.
    """
    cirrhosis = find_problem(chart.conditions, CIRRHOSIS_SNOMED, CIRRHOSIS_ICD_10_CM)
    if cirrhosis is None:
        return unsettled(chart.conditions) or Known(NO_CIRRHOSIS)
    labs = [chart.value(name) for name in LABS]
    for name, lab in zip(LABS, labs, strict=True):
        if isinstance(lab, Unknown):
            return Unknown(lab.reason, lab.detail or name, lab.as_of)
    bilirubin, albumin, inr = (lab for lab in labs if isinstance(lab, Known))
    if any(lab.at_least for lab in (bilirubin, albumin, inr)):
        return Unknown(Reason.UNRECOGNISED, "a laboratory value is only a lower bound")
    possible = product(
        INR_OF_EACH_RANGE if may_raise_inr(chart) else (inr.value,),
        grades(chart.conditions, ASCITES_SNOMED, ASCITES_ICD_10_CM),
        grades(chart.conditions, ENCEPHALOPATHY_SNOMED, ENCEPHALOPATHY_ICD_10_CM),
    )
    points = [equations.child_pugh(bilirubin.value, albumin.value, *others) for others in possible]
    classes = sorted({class_of(each) for each in points if each is not None})
    if len(classes) > 1:
        return Unknown(Reason.NOT_RECORDED, f"Child-Pugh class between {classes[0]} and {classes[-1]}")
    oldest = min((lab.as_of for lab in (bilirubin, albumin, inr) if lab.as_of), default=None)
    return Known(classes[0], sources=sources_of(cirrhosis, bilirubin, albumin, inr), as_of=oldest, formula="Child-Pugh")


def class_of(points: int) -> str:
    return "A" if points <= 6 else "B" if points <= 9 else "C"


def grades(conditions: Items[Problem], snomed: frozenset[str], icd_10_cm: tuple[str, ...]) -> tuple[str, ...]:
    """The grades that the problem list leaves possible."""
    if find_problem(conditions, snomed, icd_10_cm):
        return ANY_GRADE
    return (*NONE, *ANY_GRADE) if unsettled(conditions) else NONE


def graded(conditions: Items[Problem], snomed: frozenset[str], icd_10_cm: tuple[str, ...], label: str) -> Fact[str]:
    """ "none" where a problem list read whole has none of these codes; a code alone does not say the grade."""
    possible = grades(conditions, snomed, icd_10_cm)
    if possible == NONE:
        return Known("none")
    if possible == ANY_GRADE:
        return Unknown(Reason.NOT_RECORDED, f"{label} without its grade")
    return unsettled(conditions) or Unknown(Reason.NOT_RECORDED, label)


def may_raise_inr(chart: Chart) -> bool:
    """Whether an anticoagulant is taken, or nobody knows."""
    taken = (drug for drug in chart.medications.items if drug.status != PAUSED)
    renewed = chart.continued.values()
    known = any(not RAISE_INR.isdisjoint(drug.ingredient_rxcuis) for drug in (*taken, *renewed))
    return known or not chart.medications.complete or bool(chart.medications.unrecognised)


def sources_of(cirrhosis: Problem, *labs: Known[Any]) -> tuple[Source, ...]:
    return (Source(cirrhosis.reference, cirrhosis.onset), *(source for lab in labs for source in lab.sources))
