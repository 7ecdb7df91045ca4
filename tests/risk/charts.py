"""Patients for tests of risk models."""

from typing import Any

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Drug, Problem
from cds_service.chart.facts import Known
from tests.support.charts import ICD10CM, SNOMED, a_chart, a_drug, a_problem, number

MMHG, MG_DL, GFR = "mm[Hg]", "mg/dL", "mL/min/{1.73_m2}"


def icd(*codes: str, active: bool = True) -> tuple[Problem, ...]:
    return tuple(a_problem(code, (ICD10CM, code), active=active) for code in codes)


def snomed(*codes: str) -> tuple[Problem, ...]:
    return tuple(a_problem(code, (SNOMED, code)) for code in codes)


def taking(*ingredients: str, **more: Any) -> tuple[Drug, ...]:
    """Active medications by RxNorm IN."""
    return tuple(a_drug(ingredient, ingredient, **more) for ingredient in ingredients)


def for_prevent(**changes: Any) -> Chart:
    """The published example of PREVENT: 50 years, female, pressure 160 treated, diabetes, BMI 35, eGFR 90."""
    values: dict[str, Any] = {
        "age": number(50, "a"),
        "sex": Known("female"),
        "total_cholesterol": number(200, MG_DL, days_ago=30),
        "hdl_cholesterol": number(45, MG_DL, days_ago=30),
        "sbp": number(160, MMHG, days_ago=3),
        "smoking_status": Known("never"),
        "bmi": number(35, "kg/m2"),
        "egfr_ckdepi2021": number(90, GFR),
        **changes.pop("values", {}),
    }
    parts = {"conditions": icd("E11.9"), "medications": taking("29046"), "hook": "patient-view", **changes}
    return a_chart(**parts, **values)
