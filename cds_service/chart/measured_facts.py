"""The facts that are measured: laboratory results and vital signs, with the codes they are read from."""

from cds_service.chart.fact_type import HOUSE, FactType, Kind


def _lab(
    name: str,
    label: str,
    unit: str,
    loinc: str,
    plausible: tuple[float, float],
    days: int = 90,
    inpatient_days: int = 7,
    molar_mass: float | None = None,
    valence: int | None = None,
    reads_as: tuple[tuple[str, str], ...] = (),
    source: str = HOUSE,
) -> FactType:
    return FactType(
        name,
        label,
        Kind.QUANTITY,
        unit=unit,
        loinc=tuple(loinc.split()),
        shelf_life_days=days,
        shelf_life_inpatient_days=inpatient_days,
        plausible=plausible,
        molar_mass_g_per_mol=molar_mass,
        key="labs",
        source=source,
        reads_as=reads_as,
        valence=valence,
    )


def _vital(
    name: str,
    label: str,
    unit: str,
    loinc: str,
    plausible: tuple[float, float],
    days: int = 365,
    inpatient_days: int = 1,
    child_days: int | None = None,
    panels: str = "",
) -> FactType:
    return FactType(
        name,
        label,
        Kind.QUANTITY,
        unit=unit,
        loinc=tuple(loinc.split()),
        shelf_life_days=days,
        shelf_life_inpatient_days=inpatient_days,
        shelf_life_child_days=child_days,
        plausible=plausible,
        key="vitals",
        source=HOUSE,
        panels=tuple(panels.split()),
    )


# An enzyme's international unit is its U (1 umol of substrate per minute); UCUM keeps [IU] apart.
_ENZYME = (("[IU]/L", "U/L"),)
GFR = "mL/min/{1.73_m2}"

LABS = (
    # Unitless by definition, so a missing unit leaves nothing open. 42 days: later than that a check is overdue on
    # warfarin (warfarin label 2; CHEST 2012).
    _lab(
        "inr",
        "INR",
        "{INR}",
        "6301-6 34714-6",
        (0.5, 30),
        days=42,
        inpatient_days=2,
        reads_as=(("", "{INR}"), ("1", "{INR}"), ("{ratio}", "{INR}")),
        source="shelf life: overdue on warfarin after 42 days (warfarin label 2; CHEST 2012); else house default",
    ),
    _lab("creatinine", "creatinine", "mg/dL", "2160-0 38483-4 14682-9", (0.1, 40), molar_mass=113.12),
    # The codes say "/1.73 sq M": a plain mL/min sent with them is already indexed.
    _lab(
        "egfr",
        "eGFR as reported",
        GFR,
        "98979-8 62238-1 69405-9 77147-7 33914-3 48642-3",
        (1, 250),
        reads_as=(("mL/min", GFR),),
    ),
    _lab("potassium", "potassium", "mmol/L", "2823-3 6298-4", (1, 12), molar_mass=39.0983, valence=1),
    _lab("sodium", "sodium", "mmol/L", "2951-2 2947-0", (90, 200), molar_mass=22.98977, valence=1),
    _lab("magnesium", "magnesium", "mg/dL", "19123-9 2601-3", (0.2, 20), molar_mass=24.305, valence=2),
    _lab("calcium", "calcium", "mg/dL", "17861-6 49765-1", (2, 25), molar_mass=40.078, valence=2),
    _lab("phosphate", "phosphate", "mg/dL", "2777-1", (0.2, 30), molar_mass=30.973762),
    _lab("bicarbonate", "bicarbonate", "mmol/L", "2028-9 1963-8", (1, 60), molar_mass=61.0168, valence=1),
    _lab("glucose", "glucose", "mg/dL", "2345-7 2339-0", (5, 2000), molar_mass=180.156),
    _lab("urate", "urate", "mg/dL", "3084-1", (0.1, 40), molar_mass=168.11),
    _lab("bilirubin", "total bilirubin", "mg/dL", "1975-2", (0, 80), molar_mass=584.66),
    _lab("albumin", "albumin", "g/dL", "1751-7", (0.5, 8)),
    _lab("alt", "ALT", "U/L", "1742-6 1743-4", (0, 30000), reads_as=_ENZYME),
    _lab("ast", "AST", "U/L", "1920-8", (0, 50000), reads_as=_ENZYME),
    _lab("alp", "alkaline phosphatase", "U/L", "6768-6", (0, 10000), reads_as=_ENZYME),
    _lab("ck", "creatine kinase", "U/L", "2157-6", (0, 1000000), reads_as=_ENZYME),
    _lab("hemoglobin", "hemoglobin", "g/dL", "718-7 30313-1", (1, 30)),
    _lab("platelets", "platelets", "10*3/uL", "777-3 26515-7", (0, 5000)),
    _lab("wbc", "white blood cells", "10*3/uL", "6690-2 26464-8", (0, 1000)),
    _lab("anc", "neutrophils", "10*3/uL", "751-8 26499-4 753-4", (0, 500)),
    _lab("total_cholesterol", "total cholesterol", "mg/dL", "2093-3", (20, 1500), 1095, 1095, molar_mass=386.65),
    _lab("hdl_cholesterol", "HDL cholesterol", "mg/dL", "2085-9", (1, 250), 1095, 1095, molar_mass=386.65),
    _lab("hba1c", "HbA1c", "%", "4548-4", (2, 25), days=180, inpatient_days=180),
    _lab(
        "tsh",
        "TSH",
        "m[IU]/L",
        "3016-3 11580-8",
        (0, 1000),
        days=365,
        inpatient_days=365,
        reads_as=(("mU/L", "m[IU]/L"), ("uU/mL", "u[IU]/mL")),
    ),
    _lab("uacr", "urine albumin/creatinine", "mg/g", "9318-7 14959-1", (0, 30000), 365, 365, molar_mass=113.12),
    _lab("lithium_level", "lithium level", "mmol/L", "14334-7", (0, 15), days=120, molar_mass=6.94, valence=1),
    _lab("digoxin_level", "digoxin level", "ng/mL", "10535-3", (0, 50), molar_mass=780.94),
    _lab("phenytoin_level", "phenytoin level (total)", "ug/mL", "3968-5", (0, 200), molar_mass=252.27),
    _lab("carbamazepine_level", "carbamazepine level", "ug/mL", "3432-2", (0, 150), molar_mass=236.27),
    _lab("valproate_level", "valproate level", "ug/mL", "4086-5", (0, 2000), molar_mass=144.21),
    _lab("theophylline_level", "theophylline level", "ug/mL", "4049-3", (0, 300), molar_mass=180.16),
    _lab("vancomycin_level", "vancomycin level", "ug/mL", "4092-3 20578-1", (0, 300), inpatient_days=3),
    _lab("tacrolimus_level", "tacrolimus level", "ng/mL", "11253-2", (0, 200)),
)

VITALS = (
    _vital("weight", "weight", "kg", "29463-7 3141-9", (0.3, 500), inpatient_days=30, child_days=90),
    _vital("height", "height", "cm", "8302-2", (20, 260), days=1825, inpatient_days=1825, child_days=180),
    _vital("sbp", "systolic blood pressure", "mm[Hg]", "8480-6", (30, 350), panels="85354-9 55284-4"),
    _vital("dbp", "diastolic blood pressure", "mm[Hg]", "8462-4", (10, 250), panels="85354-9 55284-4"),
    _vital("heart_rate", "heart rate", "/min", "8867-4", (10, 350)),
    _vital("spo2", "oxygen saturation", "%", "59408-5 2708-6", (20, 100)),
    _vital("respiratory_rate", "respiratory rate", "/min", "9279-1", (2, 120)),
    _vital("temperature", "body temperature", "Cel", "8310-5", (20, 46)),
    _vital("oxygen_flow", "oxygen given", "L/min", "3151-8", (0, 100), panels="59408-5 2708-6"),
    _vital("qt_interval", "QT interval", "ms", "8634-8", (150, 900), days=90, inpatient_days=7),
    _vital("qtc", "QTc", "ms", "8636-3", (200, 900), days=90, inpatient_days=7),
)
