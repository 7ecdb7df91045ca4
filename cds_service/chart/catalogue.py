"""The closed list of facts a rule may name. A rule with any other fact name does not compile."""

from collections.abc import Iterable

from cds_service.chart.drug_fact_types import DRUG
from cds_service.chart.fact_type import FactType, Kind
from cds_service.chart.genomic_facts import GENOMICS
from cds_service.chart.measured_facts import GFR, LABS, VITALS
from cds_service.chart.state_facts import STATES
from cds_service.chart.stay_facts import STAYS
from cds_service.chart.systems import LOINC

__all__ = ["CATALOGUE", "FactType", "Kind", "codes_for", "keys_for", "with_inputs"]

# FHIR servers and URLs bear only so many codes in one search.
MOST_CODES_PER_KEY = 60


def _derived(
    name: str, label: str, unit: str, inputs: str, source: str, plausible: tuple[float, float] | None = None
) -> FactType:
    needs = tuple(inputs.split())
    return FactType(name, label, Kind.QUANTITY, unit=unit, plausible=plausible, inputs=needs, source=source)


def _list(name: str, label: str, key: str = "", inputs: tuple[str, ...] = ()) -> FactType:
    return FactType(name, label, Kind.LIST, key=key, inputs=inputs)


_PEOPLE = (
    FactType("age", "age", Kind.QUANTITY, unit="a", plausible=(0, 125), key="patient", source="calendar age"),
    FactType("age_months", "age", Kind.QUANTITY, unit="mo", key="patient", source="calendar age"),
    FactType("sex", "sex", Kind.CODE, words=("female", "male"), key="patient", source="Patient.gender"),
    FactType("deceased", "deceased", Kind.BOOLEAN, key="patient", source="Patient.deceased[x]"),
    FactType("inpatient", "in hospital", Kind.BOOLEAN, key="encounter", source="Encounter.class, v3-ActCode"),
)

_DERIVED = (
    # Outside: more likely pounds typed as kilograms, or inches as centimetres (house default).
    _derived("bmi", "body mass index", "kg/m2", "weight height", "weight / height squared", (8, 150)),
    _derived("ideal_weight", "ideal body weight", "kg", "height sex age", "Devine 1974"),
    _derived("dosing_weight", "dosing weight", "kg", "weight height sex age", "Devine 1974; adjusted by 0.4 of excess"),
    _derived(
        "egfr_ckdepi2021",
        "eGFR (CKD-EPI 2021)",
        GFR,
        "creatinine age sex pregnant dialysis aki_stage",
        "Inker et al., N Engl J Med 2021;385:1737",
    ),
    FactType(
        "egfr_disputed",
        "laboratory's own eGFR at odds with the creatinine",
        Kind.BOOLEAN,
        inputs=("egfr", "egfr_ckdepi2021"),
        source="house rule, not from a source: eGFR reported within a day of the creatinine and at least twice as high",
    ),
    _derived(
        "crcl",
        "creatinine clearance",
        "mL/min",
        "creatinine age sex weight pregnant dialysis aki_stage",
        "Cockcroft and Gault, Nephron 1976;16:31",
    ),
    _derived(
        "crcl_adjusted",
        "creatinine clearance by dosing weight",
        "mL/min",
        "creatinine age sex dosing_weight pregnant dialysis aki_stage",
        "Cockcroft and Gault, Nephron 1976;16:31",
    ),
    _derived(
        "mme_daily",
        "opioid dose in morphine milligram equivalents",
        "mg/d",
        "medications orders",
        "CDC Clinical Practice Guideline for Prescribing Opioids for Pain, 2022",
    ),
    _derived("aki_stage", "acute kidney injury stage", "{stage}", "creatinine", "KDIGO 2012 AKI guideline, 2.1"),
)

_SCORES = (
    _derived(
        "alt_times_uln", "ALT as multiple of its upper limit", "{ULN}", "alt", "upper limit that the laboratory sent"
    ),
    _derived(
        "ast_times_uln", "AST as multiple of its upper limit", "{ULN}", "ast", "upper limit that the laboratory sent"
    ),
    _derived(
        "bilirubin_times_uln",
        "bilirubin as multiple of its upper limit",
        "{ULN}",
        "bilirubin",
        "upper limit that the laboratory sent",
    ),
    FactType(
        "child_pugh_class",
        "Child-Pugh class",
        Kind.CODE,
        words=("A", "B", "C", "no-cirrhosis"),
        inputs=("conditions", "bilirubin", "albumin", "inr", "medications"),
        source="Pugh et al., Br J Surg 1973;60:646",
    ),
    _derived(
        "tisdale_points",
        "Tisdale score",
        "{score}",
        "age sex potassium qtc conditions medications orders",
        "Tisdale et al., Circ Cardiovasc Qual Outcomes 2013;6:479",
    ),
    FactType(
        "tisdale_class",
        "risk of QT prolongation (Tisdale)",
        Kind.CODE,
        words=("low", "moderate", "high"),
        inputs=("tisdale_points",),
        source="Tisdale et al., Circ Cardiovasc Qual Outcomes 2013;6:479",
    ),
)

_ACUTE = (
    FactType(
        "acute_infarction",
        "myocardial infarction in the last four weeks",
        Kind.BOOLEAN,
        inputs=("conditions",),
        source="ICD-10-CM I21, I22; SNOMED CT; onset within four weeks",
    ),
    FactType(
        "sepsis",
        "sepsis in the last four weeks",
        Kind.BOOLEAN,
        inputs=("conditions",),
        source="ICD-10-CM A40, A41, R65.2; SNOMED CT; onset within four weeks (house default)",
    ),
    _derived("charlson_points", "Charlson index", "{score}", "conditions", "Charlson et al. 1987, Quan et al. 2005"),
    FactType(
        "long_acting_opioid",
        "long-acting opioid",
        Kind.BOOLEAN,
        inputs=("medications", "orders"),
        source="RxNorm dose form; methadone and levorphanol in any form",
    ),
    _derived("qt_drug_count", "drugs that prolong QT", "{count}", "medications orders", "labels of the FDA"),
    *(
        FactType(
            name,
            label,
            Kind.CODE,
            words=("none", "mild", "severe"),
            inputs=("conditions",),
            source="problem list read whole without its codes; no code says the grade",
        )
        for name, label in (("ascites", "ascites"), ("encephalopathy", "hepatic encephalopathy"))
    ),
)

_LISTS = (
    _list("conditions", "problem list", key="conditions"),
    _list("allergies", "allergy list", key="allergies"),
    _list("severe_allergies", "allergies with a severe reaction", inputs=("allergies",)),
    _list("true_allergies", "allergies, intolerances left out", inputs=("allergies",)),
    _list("procedures", "procedures", key="procedures"),
    _list("procedures_ordered", "tests, images and vaccinations of this session"),
    _list("medications", "active medications", key="medications"),
    _list("orders", "orders of this session"),
    _list("all_drugs", "active medications and orders", inputs=("medications", "orders")),
)

CATALOGUE: dict[str, FactType] = {
    fact.name: fact
    for fact in (*LABS, *VITALS, *_PEOPLE, *STATES, *STAYS, *_DERIVED, *_SCORES, *_ACUTE, *GENOMICS, *_LISTS, *DRUG)
}


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
        if fact.codes:
            codes.setdefault(fact.key, set()).update(fact.codes)
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
