"""Published equations as pure functions. Each names its source and the population it may be used for.

Outside that population, or outside what the equation is defined on, a function returns None. Nothing is clamped
unless the publication itself says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log

ADULT_YEARS = 18
INCH_CM = 2.54
DEVINE_FROM_CM = 60 * INCH_CM
OBESE_BMI = 30.0

# 1.2 - 0.9 is 0.29999999999999993 in binary; a rise of exactly 0.3 mg/dL counts.
_TOLERANCE = 1e-9


def ckd_epi_2021(creatinine_mg_dl: float, age_a: float, female: bool) -> float | None:
    """Estimated GFR in mL/min/{1.73_m2} by CKD-EPI creatinine 2021, without race.

    Adults from 18 years in steady state. Inker et al., N Engl J Med 2021;385:1737-1749.
    """
    if age_a < ADULT_YEARS or creatinine_mg_dl <= 0:
        return None
    kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = creatinine_mg_dl / kappa
    egfr: float = 142 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.200 * 0.9938**age_a
    return egfr * 1.012 if female else egfr


def cockcroft_gault(creatinine_mg_dl: float, age_a: float, weight_kg: float, female: bool) -> float | None:
    """Creatinine clearance in mL/min, not indexed to body surface.

    Adults from 18 years in steady state. The caller states which weight it gave. Cockcroft and Gault, Nephron
    1976;16:31-41 (derived in men; 0.85 for women is the authors' suggestion).
    """
    if not ADULT_YEARS <= age_a < 140 or creatinine_mg_dl <= 0 or weight_kg <= 0:
        return None
    clearance = (140 - age_a) * weight_kg / (72 * creatinine_mg_dl)
    return clearance * 0.85 if female else clearance


def ideal_weight(height_cm: float, female: bool) -> float | None:
    """Ideal body weight in kg: 50 (men) or 45.5 (women) + 2.3 for each inch over five feet.

    Adults of at least five feet (152.4 cm). Devine, Drug Intell Clin Pharm 1974;8:650-655.
    """
    if height_cm < DEVINE_FROM_CM:
        return None
    return (45.5 if female else 50.0) + 2.3 * (height_cm - DEVINE_FROM_CM) / INCH_CM


def adjusted_weight(weight_kg: float, ideal_kg: float) -> float:
    """Adjusted body weight in kg: ideal + 0.4 of the excess (Bauer, Applied Clinical Pharmacokinetics, obesity)."""
    return ideal_kg + 0.4 * (weight_kg - ideal_kg)


def dosing_weight(weight_kg: float, height_cm: float, female: bool) -> tuple[float, str] | None:
    """The weight in kg to estimate clearance with where a label names none, and which it is.

    "actual" if below ideal; "adjusted" from a BMI of 30; "ideal" in between. None where no ideal weight is defined.
    """
    ideal = ideal_weight(height_cm, female)
    if ideal is None:
        return None
    if weight_kg <= ideal:
        return weight_kg, "actual"
    if body_mass_index(weight_kg, height_cm) >= OBESE_BMI:
        return adjusted_weight(weight_kg, ideal), "adjusted"
    return ideal, "ideal"


def body_mass_index(weight_kg: float, height_cm: float) -> float:
    """Body mass index in kg/m2 (Quetelet). Height must be above zero."""
    return weight_kg / (height_cm / 100) ** 2


def aki_stage(series: Sequence[tuple[datetime, float]]) -> int | None:
    """KDIGO stage 0 to 3 of acute kidney injury, by creatinine in mg/dL, over the seven days up to the newest value.

    AKI is a rise by at least 0.3 mg/dL within 48 hours, or to at least 1.5 times a baseline within 7 days. The
    baseline of a value is the lowest one of the seven days before it; older values are not one, because KDIGO asks
    that the rise happened within seven days. Stage 1: 1.5 times or +0.3; stage 2: 2.0 times; stage 3: 3.0 times, or
    4.0 mg/dL or more once AKI is met. The highest stage reached counts, so a recovering kidney keeps it for a week.
    Urine output is not read, and stage 3 by dialysis or by eGFR under 18 years is not either. None with fewer than
    two values in the week. KDIGO Clinical Practice Guideline for Acute Kidney Injury, Kidney Int Suppl 2012;2:1-138,
    section 2.1.
    """
    ordered = sorted(series)
    if not ordered:
        return None
    week = [reading for reading in ordered if ordered[-1][0] - reading[0] <= timedelta(days=7)]
    if len(week) < 2:
        return None
    return max(_stage_at(ordered, at, value) for at, value in week)


def _stage_at(ordered: Sequence[tuple[datetime, float]], at: datetime, value: float) -> int:
    before = [(then, was) for then, was in ordered if timedelta(0) < at - then <= timedelta(days=7)]
    if not before:
        return 0
    times = value / min(was for _, was in before) + _TOLERANCE
    risen = any(value - was >= 0.3 - _TOLERANCE for then, was in before if at - then <= timedelta(hours=48))
    if times < 1.5 and not risen:
        return 0
    if times >= 3.0 or value >= 4.0:
        return 3
    return 2 if times >= 2.0 else 1


def qtc_bazett(qt_ms: float, heart_rate_per_min: float) -> float | None:
    """QTc in ms, QT / RR^(1/2). Over-corrects above 90/min. Bazett, Heart 1920;7:353-370."""
    return None if heart_rate_per_min <= 0 else qt_ms / (60 / heart_rate_per_min) ** 0.5


def qtc_fridericia(qt_ms: float, heart_rate_per_min: float) -> float | None:
    """QTc in ms, QT / RR^(1/3). Fridericia, Acta Med Scand 1920;53:469-486."""
    return None if heart_rate_per_min <= 0 else qt_ms / (60 / heart_rate_per_min) ** (1 / 3)


def qtc_framingham(qt_ms: float, heart_rate_per_min: float) -> float | None:
    """QTc in ms, QT + 154 (1 - RR). Sagie et al., Am J Cardiol 1992;70:797-801."""
    return None if heart_rate_per_min <= 0 else qt_ms + 154 * (1 - 60 / heart_rate_per_min)


def qtc_hodges(qt_ms: float, heart_rate_per_min: float) -> float | None:
    """QTc in ms, QT + 1.75 (HR - 60). Hodges et al., J Am Coll Cardiol 1983;1:694."""
    return None if heart_rate_per_min <= 0 else qt_ms + 1.75 * (heart_rate_per_min - 60)


def child_pugh(
    bilirubin_mg_dl: float,
    albumin_g_dl: float,
    inr: float,
    ascites: str,
    encephalopathy: str,
) -> int | None:
    """Child-Pugh points, 5 to 15 (A to 6, B to 9, C from 10), for cirrhosis.

    `ascites` is "none", "mild" or "severe" (moderate counts as severe); `encephalopathy` "none", "mild" (grade 1-2)
    or "severe" (grade 3-4). None for other words. Pugh et al., Br J Surg 1973;60:646-649, with the INR cut-offs
    1.7 and 2.3 in use since.
    """
    grades = ("none", "mild", "severe")
    if ascites not in grades or encephalopathy not in grades:
        return None
    bilirubin = 1 + (bilirubin_mg_dl >= 2) + (bilirubin_mg_dl > 3)
    albumin = 1 + (albumin_g_dl <= 3.5) + (albumin_g_dl < 2.8)
    clotting = 1 + (inr >= 1.7) + (inr > 2.3)
    return bilirubin + albumin + clotting + grades.index(ascites) + grades.index(encephalopathy) + 2


@dataclass(frozen=True, slots=True)
class QtRisks:
    """What the Tisdale score is counted from. `qt_drugs` is how many drugs that prolong QT are taken."""

    age_a: float
    female: bool
    loop_diuretic: bool
    potassium_mmol_l: float
    qtc_ms: float
    acute_mi: bool
    sepsis: bool
    heart_failure: bool
    qt_drugs: int


def tisdale(risks: QtRisks) -> int:
    """Points for the risk of QT prolongation in hospital, 0 to 21: low to 6, moderate to 10, high from 11.

    Made in a cardiac care unit. Two QT drugs count six points, three for the first and three more. Tisdale et al.,
    Circ Cardiovasc Qual Outcomes 2013;6:479-487.
    """
    return (
        (risks.age_a >= 68)
        + risks.female
        + risks.loop_diuretic
        + 2 * (risks.potassium_mmol_l <= 3.5)
        + 2 * (risks.qtc_ms >= 450)
        + 2 * risks.acute_mi
        + 3 * risks.sepsis
        + 3 * risks.heart_failure
        + 3 * min(risks.qt_drugs, 2)
    )


@dataclass(frozen=True, slots=True)
class LiverValues:
    """What MELD 3.0 is computed from. `dialysis`: twice in the last week, or 24 h of continuous therapy."""

    female: bool
    bilirubin_mg_dl: float
    inr: float
    creatinine_mg_dl: float
    sodium_mmol_l: float
    albumin_g_dl: float
    dialysis: bool = False


def meld_3(values: LiverValues) -> int:
    """MELD 3.0 as reported: rounded, 6 to 40, for patients registered at 18 years or older."""
    return min(max(int(meld_3_unrounded(values) + 0.5), 6), 40)


def meld_3_unrounded(values: LiverValues) -> float:
    """MELD 3.0 before rounding and before its limits of 6 and 40.

    Bilirubin, INR and creatinine are floored at 1, creatinine capped at 3.0 (also the value on dialysis), sodium kept
    within 125-137 and albumin within 1.5-3.5: these bounds are part of the score. Kim et al., Gastroenterology
    2021;161:1887-1895.
    """
    ln_bilirubin = log(max(values.bilirubin_mg_dl, 1.0))
    ln_inr = log(max(values.inr, 1.0))
    ln_creatinine = log(3.0 if values.dialysis else min(max(values.creatinine_mg_dl, 1.0), 3.0))
    sodium_gap = 137 - min(max(values.sodium_mmol_l, 125), 137)
    albumin_gap = 3.5 - min(max(values.albumin_g_dl, 1.5), 3.5)
    return (
        1.33 * values.female
        + 4.56 * ln_bilirubin
        + 0.82 * sodium_gap
        - 0.24 * sodium_gap * ln_bilirubin
        + 9.09 * ln_inr
        + 11.14 * ln_creatinine
        + 1.85 * albumin_gap
        - 1.83 * albumin_gap * ln_creatinine
        + 6
    )
