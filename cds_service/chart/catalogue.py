"""The closed list of facts a rule may name. A rule with any other fact name does not compile."""

from collections.abc import Iterable

from cds_service.chart.fact_type import FactType, Kind

__all__ = ["CATALOGUE", "FactType", "Kind", "codes_for", "keys_for", "with_inputs"]

LOINC = "http://loinc.org"

# FHIR servers and URLs bear only so many codes in one search.
MOST_CODES_PER_KEY = 60

HOUSE = "shelf life and plausible range: house default, not from a source"


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


def _derived(name: str, label: str, unit: str, inputs: str, source: str) -> FactType:
    return FactType(name, label, Kind.QUANTITY, unit=unit, inputs=tuple(inputs.split()), source=source)


def _list(name: str, label: str, key: str = "", inputs: tuple[str, ...] = ()) -> FactType:
    return FactType(name, label, Kind.LIST, key=key, inputs=inputs)


def _of_drug(name: str, label: str, kind: Kind, unit: str | None = None, words: tuple[str, ...] = ()) -> FactType:
    return FactType(name, label, kind, of="drug", unit=unit, words=words)


# An enzyme's international unit is its U (1 umol of substrate per minute); UCUM keeps [IU] apart.
_ENZYME = (("[IU]/L", "U/L"),)
_GFR = "mL/min/{1.73_m2}"

_LABS = (
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
        _GFR,
        "98979-8 62238-1 69405-9 77147-7 33914-3 48642-3",
        (1, 250),
        reads_as=(("mL/min", _GFR),),
    ),
    _lab("potassium", "potassium", "mmol/L", "2823-3 6298-4", (1, 12), molar_mass=39.0983, valence=1),
    _lab("sodium", "sodium", "mmol/L", "2951-2 2947-0", (90, 200), molar_mass=22.98977, valence=1),
    _lab("magnesium", "magnesium", "mg/dL", "19123-9 2601-3", (0.2, 20), molar_mass=24.305, valence=2),
    _lab("calcium", "calcium", "mg/dL", "17861-6 49765-1", (2, 25), molar_mass=40.078, valence=2),
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

_VITALS = (
    _vital("weight", "weight", "kg", "29463-7 3141-9", (0.3, 500), inpatient_days=30, child_days=90),
    _vital("height", "height", "cm", "8302-2", (20, 260), days=1825, inpatient_days=1825, child_days=180),
    _vital("sbp", "systolic blood pressure", "mm[Hg]", "8480-6", (30, 350), panels="85354-9 55284-4"),
    _vital("dbp", "diastolic blood pressure", "mm[Hg]", "8462-4", (10, 250), panels="85354-9 55284-4"),
    _vital("heart_rate", "heart rate", "/min", "8867-4", (10, 350)),
    _vital("spo2", "oxygen saturation", "%", "59408-5 2708-6", (20, 100)),
    _vital("qtc", "QTc", "ms", "8636-3", (200, 900), days=90, inpatient_days=7),
)

_PEOPLE = (
    FactType("age", "age", Kind.QUANTITY, unit="a", plausible=(0, 125), key="patient", source="calendar age"),
    FactType("age_months", "age in months", Kind.QUANTITY, unit="mo", key="patient", source="calendar age"),
    FactType("sex", "sex", Kind.CODE, words=("female", "male"), key="patient", source="Patient.gender"),
    FactType("deceased", "deceased", Kind.BOOLEAN, key="patient", source="Patient.deceased[x]"),
    FactType("inpatient", "in hospital", Kind.BOOLEAN, key="encounter", source="Encounter.class, v3-ActCode"),
    FactType(
        "pregnancy_status",
        "pregnancy status",
        Kind.CODE,
        loinc=("82810-3", "11778-8", "11779-6"),
        shelf_life_days=300,
        shelf_life_inpatient_days=300,
        words=("pregnant", "not-pregnant", "possible"),
        key="vitals",
        inputs=("conditions", "sex"),
        source="LOINC 82810-3 with the IPS pregnancy status value set; delivery date 11778-8, 11779-6; problem list",
    ),
    FactType("pregnant", "pregnant", Kind.BOOLEAN, inputs=("pregnancy_status",), source="pregnancy status"),
    FactType(
        "smoking_status",
        "smoking status",
        Kind.CODE,
        loinc=("72166-2",),
        shelf_life_days=1095,
        words=("current", "former", "never"),
        key="vitals",
        source="LOINC 72166-2 with the US Core smoking status value set; " + HOUSE,
    ),
    FactType(
        "comfort_care",
        "comfort care",
        Kind.BOOLEAN,
        inputs=("conditions",),
        source="ICD-10-CM Z51.5; SNOMED CT hospice and palliative care",
    ),
)

_DERIVED = (
    _derived("bmi", "body mass index", "kg/m2", "weight height", "weight / height squared"),
    _derived("ideal_weight", "ideal body weight", "kg", "height sex age", "Devine 1974"),
    _derived("dosing_weight", "dosing weight", "kg", "weight height sex age", "Devine 1974; adjusted by 0.4 of excess"),
    _derived(
        "egfr_ckdepi2021",
        "eGFR (CKD-EPI 2021)",
        _GFR,
        "creatinine age sex pregnant",
        "Inker et al., N Engl J Med 2021;385:1737",
    ),
    _derived(
        "crcl",
        "creatinine clearance (Cockcroft-Gault, actual weight)",
        "mL/min",
        "creatinine age sex weight pregnant",
        "Cockcroft and Gault, Nephron 1976;16:31",
    ),
    _derived(
        "crcl_adjusted",
        "creatinine clearance (Cockcroft-Gault, dosing weight)",
        "mL/min",
        "creatinine age sex dosing_weight pregnant",
        "Cockcroft and Gault, Nephron 1976;16:31",
    ),
    _derived("aki_stage", "AKI stage (KDIGO, creatinine)", "{stage}", "creatinine", "KDIGO 2012 AKI guideline, 2.1"),
)

_LISTS = (
    _list("conditions", "problem list", key="conditions"),
    _list("allergies", "allergy list", key="allergies"),
    _list("procedures", "procedures", key="procedures"),
    _list("medications", "active medications", key="medications"),
    _list("orders", "orders of this session"),
    _list("all_drugs", "active medications and orders", inputs=("medications", "orders")),
)

_DRUG = (
    _of_drug("daily_dose", "daily dose of this product", Kind.QUANTITY, "mg/d"),
    _of_drug("single_dose", "single dose", Kind.QUANTITY, "mg"),
    _of_drug("total_daily_dose", "daily dose over all products", Kind.QUANTITY, "mg/d"),
    _of_drug("times_per_day", "times a day", Kind.QUANTITY, "/d"),
    _of_drug("strength", "strength", Kind.QUANTITY, "mg"),
    _of_drug("days_on", "days taken so far", Kind.QUANTITY, "d"),
    _of_drug("duration_days", "planned duration", Kind.QUANTITY, "d"),
    _of_drug("as_needed", "taken as needed", Kind.BOOLEAN),
    _of_drug("is_new", "new on the list", Kind.BOOLEAN),
    _of_drug("is_draft", "not yet signed", Kind.BOOLEAN),
    _of_drug("dose_increased", "dose increased", Kind.BOOLEAN),
    _of_drug("dose_change", "dose change", Kind.CODE, words=("same", "increased", "decreased", "unknown")),
    _of_drug("dose_form", "dose form", Kind.CODE),
    _of_drug("allergy_same_ingredient", "recorded allergy to the same ingredient", Kind.BOOLEAN),
)

CATALOGUE: dict[str, FactType] = {fact.name: fact for fact in (*_LABS, *_VITALS, *_PEOPLE, *_DERIVED, *_LISTS, *_DRUG)}


def with_inputs(names: Iterable[str]) -> frozenset[str]:
    """The facts named and everything they are computed from. Raises KeyError for a name not in the catalogue."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(CATALOGUE[name].inputs)
    return frozenset(found)


def codes_for(facts: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """The sorted `system|code` list of each prefetch key that is asked for by code, for these facts and their inputs.

    Raises ValueError when a key would need more than 60 codes.
    """
    codes: dict[str, set[str]] = {}
    for name in with_inputs(facts):
        fact = CATALOGUE[name]
        if fact.loinc:
            codes.setdefault(fact.key, set()).update(f"{LOINC}|{code}" for code in (*fact.loinc, *fact.panels))
    for key, wanted in codes.items():
        if len(wanted) > MOST_CODES_PER_KEY:
            raise ValueError(f"prefetch key {key!r} needs {len(wanted)} codes, {MOST_CODES_PER_KEY} are allowed")
    return {key: tuple(sorted(wanted)) for key, wanted in sorted(codes.items())}


def keys_for(facts: frozenset[str]) -> tuple[str, ...]:
    """The sorted prefetch keys that bring these facts and their inputs.

    Medications come by two keys; a fact that ages faster in hospital needs the encounter, and one that ages faster in
    children the birth date.
    """
    keys: set[str] = set()
    for name in with_inputs(facts):
        fact = CATALOGUE[name]
        keys.add(fact.key)
        if fact.key == "medications":
            keys.add("statements")
        if fact.shelf_life_inpatient_days is not None:
            keys.add("encounter")
        if fact.shelf_life_child_days is not None:
            keys.add("patient")
    return tuple(sorted(keys - {""}))
