"""A second derivation of every published equation, from the publications' formulas and not from the bundles.

Inputs go by the names of the bundles' predictors; yes and no are 1.0 and 0.0. What the chart computes itself is taken
from `chart.equations`.
"""

import csv
from collections.abc import Callable, Mapping
from math import exp, log, sqrt
from pathlib import Path
from typing import Any

from cds_service.chart import equations

PUBLISHED = Path(__file__).parent / "published"
Inputs = Mapping[str, Any]
Derivation = Callable[[Inputs], float]

PREVENT_OUTCOMES = ("total_cvd", "ascvd", "heart_failure", "chd", "stroke")


def coefficients(model: str, years: int, column: str) -> dict[str, float]:
    with (PUBLISHED / f"prevent_{model}_{years}yr.csv").open(newline="", encoding="utf-8") as file:
        return {row["beta_coefficients"]: float(row[column]) for row in csv.DictReader(file)}


def design(x: Inputs) -> dict[str, float]:
    """Every column of the published design, by the name its coefficient has."""
    age = (x["age"] - 55) / 10
    non_hdl = (x["total_cholesterol"] - x["hdl_cholesterol"]) * 0.02586 - 3.5
    hdl = (x["hdl_cholesterol"] * 0.02586 - 1.3) / 0.3
    low_sbp, high_sbp = (min(x["sbp"], 110) - 110) / 20, (max(x["sbp"], 110) - 130) / 20
    low_bmi, high_bmi = (min(x["bmi"], 30) - 25) / 5, (max(x["bmi"], 30) - 30) / 5
    low_egfr, high_egfr = (min(x["egfr"], 60) - 60) / -15, (max(x["egfr"], 60) - 90) / -15
    diabetes, smoker = x["diabetes"], float(x["smoking"] == "current")
    treated, statin = x["bp_treated"], x["statin"]
    hba1c, uacr, decile = x.get("hba1c"), x.get("uacr"), x.get("sdi_decile")
    return {
        "Age, per 10 years": age,
        "Age, 10 years": age,
        "Age squared": age**2,
        "non-HDL-C per 1 mmol/L": non_hdl,
        "HDL-C per 0.3 mmol/L": hdl,
        "SBP <110 per 20 mmHg": low_sbp,
        "SBP ≥110 per 20 mmHg": high_sbp,
        "Diabetes": diabetes,
        "Current smoking": smoker,
        "BMI <30, per 5 kg/m2": low_bmi,
        "BMI 30+, per 5 kg/m2": high_bmi,
        "eGFR <60, per -15 ml": low_egfr,
        "eGFR 60+, per -15 ml": high_egfr,
        "Anti-hypertensive use": treated,
        "Statin use": statin,
        "Treated SBP ≥110 mm Hg per 20 mm Hg": treated * high_sbp,
        "Treated non-HDL-C": statin * non_hdl,
        "Age per 10yr * non-HDL-C per 1 mmol/L": age * non_hdl,
        "Age per 10yr * HDL-C per 0.3 mmol/L": age * hdl,
        "Age per 10yr * SBP ≥110 mm Hg per 20 mmHg": age * high_sbp,
        "Age per 10yr * diabetes": age * diabetes,
        "Age per 10yr * current smoking": age * smoker,
        "Age per 10yr * BMI 30+ per 5 kg/m2": age * high_bmi,
        "Age per 10yr * eGFR <60, per -15 ml": age * low_egfr,
        "HbA1c in DM, per 1%": 0.0 if hba1c is None else (hba1c - 5.3) * diabetes,
        "HbA1c no DM, per 1%": 0.0 if hba1c is None else (hba1c - 5.3) * (1 - diabetes),
        "Missing HbA1c": float(hba1c is None),
        "ln-ACR, mg/g, per 1 ln unit": 0.0 if uacr is None else log(uacr),
        "Missing ACR/PCR/Dipstick": float(uacr is None),
        "SDI decile categories 4-6 vs. 1-3": float(decile is not None and 4 <= decile <= 6),
        "SDI decile categories 7-10 vs. 1-3": float(decile is not None and decile >= 7),
        "Missing SDI": float(decile is None),
        "Constant": 1.0,
    }


def prevent(model: str, years: int, outcome: str) -> Derivation:
    def risk(x: Inputs) -> float:
        columns = design(x)
        betas = coefficients(model, years, f"{x['sex']}_{outcome}")
        return 1 / (1 + exp(-sum(beta * columns[name] for name, beta in betas.items())))

    return risk


KFRE: Mapping[int, Mapping[str, float]] = {
    4: {"age": -0.2201, "male": 0.2467, "egfr": -0.5567, "uacr": 0.4510},
    6: {"age": -0.2218, "male": 0.2553, "egfr": -0.5541, "uacr": 0.4562, "diabetes": -0.1475, "hypertension": 0.1426},
    8: {
        **{"age": -0.1992, "male": 0.1602, "egfr": -0.4919, "uacr": 0.3364},
        **{"albumin": -0.3441, "phosphate": 0.2604, "bicarbonate": -0.07354, "calcium": -0.2228},
    },
}
CENTRES = {
    **{"age": 7.036, "male": 0.5642, "egfr": 7.222, "uacr": 5.137, "diabetes": 0.5106, "hypertension": 0.8501},
    **{"albumin": 3.997, "phosphate": 3.916, "bicarbonate": 25.57, "calcium": 9.355},
}
SURVIVAL = {
    (4, "north-america"): (0.9750, 0.9240),
    (4, "elsewhere"): (0.9832, 0.9365),
    (6, "north-america"): (0.9750, 0.9240),
    (6, "elsewhere"): (0.9830, 0.9370),
    (8, "north-america"): (0.9780, 0.9301),
    (8, "elsewhere"): (0.9827, 0.9245),
}


def kfre(variables: int, where: str, years: int) -> Derivation:
    baseline = SURVIVAL[variables, where][0 if years == 2 else 1]

    def risk(x: Inputs) -> float:
        scaled = {
            **x,
            "age": x["age"] / 10,
            "male": float(x["sex"] == "male"),
            "egfr": x["egfr"] / 5,
            "uacr": log(x["uacr"]),
        }
        linear = sum(beta * (scaled[name] - CENTRES[name]) for name, beta in KFRE[variables].items())
        return float(1 - baseline ** exp(linear))

    return risk


def is_female(x: Inputs) -> bool:
    return bool(x["sex"] == "female")


def certain(value: float | None) -> float:
    assert value is not None
    return value


def meld(x: Inputs) -> float:
    return equations.meld_3(
        equations.LiverValues(
            *(is_female(x), x["bilirubin"], x["inr"], x["creatinine"], x["sodium"], x["albumin"]),
            bool(x["on_dialysis"]),
        )
    )


def tisdale(x: Inputs) -> float:
    return equations.tisdale(
        equations.QtRisks(
            age_a=x["age"],
            female=is_female(x),
            loop_diuretic=bool(x["loop_diuretic"]),
            potassium_mmol_l=x["potassium"],
            qtc_ms=x["qtc"],
            acute_mi=bool(x["acute_mi"]),
            sepsis=bool(x["sepsis"]),
            heart_failure=bool(x["heart_failure"]),
            qt_drugs=int(x["one_qt_drug"] + x["two_qt_drugs"]),
        )
    )


def stroke_points(x: Inputs) -> float:
    by_age = 2 if x["age"] >= 75 else int(x["age"] >= 65)
    others = x["heart_failure"] + x["hypertension"] + x["diabetes"] + 2 * x["stroke"] + x["vascular"]
    return float(by_age + others)


def has_bled(x: Inputs) -> float:
    counted = sum(x[name] for name in ("kidney", "liver", "stroke", "bleeding", "drugs", "alcohol"))
    return float(counted + (x["sbp"] > 160) + (x["age"] > 65))


RIOSORD = {
    **{"substance_use": 25, "bipolar_schizophrenia": 10, "stroke": 9, "kidney": 8, "heart_failure": 7, "pancreas": 7},
    **{"lung": 5, "headache": 5, "fentanyl": 13, "morphine": 11, "methadone": 10, "hydromorphone": 7},
    **{"long_acting": 5, "benzodiazepine": 9, "antidepressant": 8, "mme_100": 7},
}


def karter(x: Inputs) -> float:
    return float(bool(x["three_episodes"]) or bool(x["one_episode"] and x["insulin"]))


def hospital(x: Inputs) -> float:
    stays = 0 if x["stays"] <= 1 else 2 if x["stays"] <= 5 else 5
    unplanned = x["priority"] != "elective"
    long = 2 * (x["length_of_stay"] >= 5)
    return float((x["hemoglobin"] < 12) + (x["sodium"] < 135) + unplanned + stays + long)


def lace(x: Inputs) -> float:
    days = x["length_of_stay"]
    length = days if days < 4 else 4 if days < 7 else 5 if days < 14 else 7
    acute = 0 if x["priority"] == "elective" else 3
    return float(length + acute + (x["charlson"] if x["charlson"] < 4 else 5) + min(x["visits"], 4))


def news2_vitals(x: Inputs) -> int:
    """Everything but the saturation, from the chart of the Royal College of Physicians."""
    breaths, pressure, pulse, heat = x["respiratory_rate"], x["sbp"], x["heart_rate"], x["temperature"]
    points = 3 if breaths <= 8 or breaths >= 25 else 2 if breaths >= 21 else 1 if breaths <= 11 else 0
    points += 3 if pressure <= 90 or pressure >= 220 else 2 if pressure <= 100 else 1 if pressure <= 110 else 0
    points += 3 if pulse <= 40 or pulse >= 131 else 2 if pulse >= 111 else 1 if pulse <= 50 or pulse >= 91 else 0
    points += 3 if heat <= 35.0 else 2 if heat >= 39.1 else 1 if heat <= 36.0 or heat >= 38.1 else 0
    return points + (2 if x["on_oxygen"] else 0)


def news2(x: Inputs) -> float:
    saturation = x["spo2"]
    return float(news2_vitals(x) + (3 if saturation <= 91 else 2 if saturation <= 93 else 1 if saturation <= 95 else 0))


def news2_scale_2(x: Inputs) -> float:
    saturation = x["spo2"]
    if saturation <= 87:
        points = 3 if saturation <= 83 else 2 if saturation <= 85 else 1
    else:
        points = 0
        if x["on_oxygen"]:
            points = 3 if saturation >= 97 else 2 if saturation >= 95 else 1 if saturation >= 93 else 0
    return float(news2_vitals(x) + points)


DERIVATIONS: Mapping[str, Mapping[str, Derivation]] = {
    **{
        f"prevent-{model}-{years}y": {outcome: prevent(model, years, outcome) for outcome in PREVENT_OUTCOMES}
        for model in ("base", "hba1c", "uacr")
        for years in (10, 30)
    },
    **{
        f"kfre-{variables}-{where}": {f"kidney-failure-{years}y": kfre(variables, where, years) for years in (2, 5)}
        for variables, where in SURVIVAL
    },
    "ckd-epi-2021": {
        "egfr": lambda x: certain(equations.ckd_epi_2021(x["creatinine"], x["age"], is_female(x))),
    },
    "cockcroft-gault": {
        "crcl": lambda x: certain(equations.cockcroft_gault(x["creatinine"], x["age"], x["weight"], is_female(x))),
    },
    "fib-4": {"fib4": lambda x: float(x["age"] * x["ast"] / (x["platelets"] * sqrt(x["alt"])))},
    "meld-3": {"meld": meld},
    "child-pugh": {
        "child-pugh": lambda x: certain(
            equations.child_pugh(x["bilirubin"], x["albumin"], x["inr"], x["ascites"], x["encephalopathy"])
        ),
    },
    "qtc-bazett": {"qtc": lambda x: certain(equations.qtc_bazett(x["qt_interval"], x["heart_rate"]))},
    "qtc-fridericia": {"qtc": lambda x: certain(equations.qtc_fridericia(x["qt_interval"], x["heart_rate"]))},
    "qtc-framingham": {"qtc": lambda x: certain(equations.qtc_framingham(x["qt_interval"], x["heart_rate"]))},
    "qtc-hodges": {"qtc": lambda x: certain(equations.qtc_hodges(x["qt_interval"], x["heart_rate"]))},
    "cha2ds2-vasc": {"stroke-points": lambda x: stroke_points(x) + is_female(x)},
    "cha2ds2-va": {"stroke-points": stroke_points},
    "has-bled": {"bleeding-points": has_bled},
    "tisdale": {"qt-points": tisdale},
    "riosord": {"overdose-points": lambda x: float(sum(points * x[name] for name, points in RIOSORD.items()))},
    "karter-high": {"hypoglycaemia-high": karter},
    "hospital": {"readmission-points": hospital},
    "lace": {"readmission-points": lace},
    "news2": {"news2": news2},
    "news2-scale-2": {"news2": news2_scale_2},
}
"""By bundle and outcome."""
