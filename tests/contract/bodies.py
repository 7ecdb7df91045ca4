"""Hook requests with FHIR data as clients send it, and as broken ones do: any part may be gone or be something else."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.support.requests import CLINICAL, LOINC, RXNORM, Json, PatientCase, a_patient, bundle, coded, outcome

Path = tuple[str | int, ...]

WARFARIN, NAPROXEN, METFORMIN, AMOXICILLIN, SIMVASTATIN, CLARITHROMYCIN = (
    *("855332", "849574", "861004", "308191"),
    *("312961", "197517"),
)
STEP = {"sequence": 1, "text": "1 tablet twice daily", "timing": {"code": {"text": "BID"}}, "asNeededBoolean": True}
RANGE = {"doseAndRate": [{"doseRange": {"low": {"value": 1}, "high": {"value": 2, "unit": "tablet"}}}]}
FULL = (
    a_patient("P1", birthDate="1946-02-29", gender="female", deceasedBoolean=False)
    .taking(WARFARIN, "warfarin 5 MG", dose=1, per_day=1, authoredOn="2026-01-01", reportedBoolean=True)
    .taking(SIMVASTATIN, "simvastatin 40 MG", dosageInstruction=[STEP, {**STEP, **RANGE, "sequence": 2}])
    .adding("statements", {"resourceType": "MedicationStatement", "id": "s1", "status": "active",
                           "medicationReference": {"reference": "#m"}, "subject": {"reference": "Patient/P1"},
                           "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "aspirin 81 MG"}}],
                           "dosage": [STEP], "effectivePeriod": {"start": "2026-01"}})
    .allergic_to("7984", "penicillin V", criticality="high", reaction=[{"severity": "severe", "manifestation": []}])
    .with_condition("I50.9", "Heart failure", system="http://hl7.org/fhir/sid/icd-10-cm", onsetDateTime="2020")
    .with_lab("2160-0", 4.0, "mg/dL", "2026-11-10T08:00:00+01:00", referenceRange=[{"high": {"value": 1.2}}])
    .with_lab("6301-6", 4.8, "{INR}", "2026-11-19", issued="2026-11-19T10:00:00Z", interpretation=[coded(LOINC, "H")])
    .with_vital("29463-7", 180.0, "[lb_av]", "2026-10-01", component=[{"code": coded(LOINC, "8302-2")}])
    .adding("procedures", {"resourceType": "Procedure", "id": "p1", "status": "completed",
                           "subject": {"reference": "Patient/P1"},
                           "code": coded("http://snomed.info/sct", "232717009")})
    .key("encounter", {"resourceType": "Encounter", "id": "E1", "status": "in-progress",
                       "class": {"system": f"{CLINICAL}/v3-ActCode", "code": "IMP"}})
    .key("encounters", bundle({"resourceType": "Encounter", "id": "E0", "status": "finished"}))
    .ordering(NAPROXEN, "naproxen sodium 220 MG", dose=2, per_day=3, category=[coded("urn:c", "inpatient")])
    .ordering(METFORMIN, "metformin 1000 MG", priorPrescription={"reference": "MedicationRequest/m9"})
    .ordering(CLARITHROMYCIN, "clarithromycin 500 MG")
)  # fmt: skip
CASES: tuple[PatientCase, ...] = (
    FULL,
    FULL.ordering(AMOXICILLIN, "amoxicillin 500 MG").without("labs", "vitals"),
    FULL.key("medications", outcome("timeout")).key("allergies", None),
    a_patient().ordering(NAPROXEN),
)
TEXTS = st.sampled_from(
    [
        *("MedicationRequest", "Patient", "Bundle", "OperationOutcome", "Medication", "MedicationOrder", "Patient/P1"),
        *("Patient/P2", "#m", "urn:uuid:1", "active", "draft", "stopped", "mg", "{tbl}", "2026-02-30", "2026", "next"),
        *("9999-12-31", "0001-01-01T00:00:00+14:00", "24:00", "-1", "1e400", RXNORM, LOINC, NAPROXEN, WARFARIN, ""),
        *("\u202e\u0000", "<b>*x*</b>", "]" * 99, "a" * 70_000, "{{ a.name }}", "😀e\u0301"),
    ]
)
NUMBERS = st.sampled_from([0, -1, 1, 10**400, -(10**18), 2**63, 1e308, -1e-308, 0.1, 3.5])
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS | st.integers() | st.text(max_size=8)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["resourceType", "coding", "value", "entry", "resource"]), inner, max_size=3)
    ),
    max_leaves=5,
)
CHANGES = st.sampled_from(["replace", "replace", "remove", "repeat", "wrap"])


def requests_of(case: PatientCase) -> dict[str, Json]:
    """The request of this patient to each service."""
    return {
        "medication-patient-view": case.patient_view(),
        "medication-order-select": case.order_select(),
        "medication-order-sign": case.order_sign(),
        "discharge-risk": case.encounter_discharge(),
    }


REQUESTS = [each for case in CASES for each in requests_of(case.as_of("2026-11-20").traced()).items()]


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """The path of every part of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield (*at, name)
        yield from paths(each, (*at, name))


PATHS = [list(paths(request)) for _, request in REQUESTS]


@st.composite
def hook_calls(draw: st.DrawFn) -> tuple[str, Json]:
    """A service id and a request to it with up to five parts changed."""
    place = draw(st.integers(0, len(REQUESTS) - 1))
    service, request = REQUESTS[place]
    changed = copy.deepcopy(request)
    for _ in range(draw(st.integers(0, 5))):
        change(draw, changed, draw(st.sampled_from(PATHS[place])))
    return service, changed


def change(draw: st.DrawFn, request: Json, path: Path) -> None:
    """Change the part at `path`, if an earlier change left it there."""
    holder: Any = request
    for name in path[:-1]:
        if not isinstance(holder, dict | list) or not has(holder, name):
            return
        holder = holder[name]
    name = path[-1]
    if not isinstance(holder, dict | list) or not has(holder, name):
        return
    match draw(CHANGES):
        case "replace":
            holder[name] = draw(VALUES)
        case "remove":
            del holder[name]
        case "repeat":
            holder[name] = [copy.deepcopy(holder[name])] * draw(st.integers(0, 3))
        case _:
            holder[name] = {draw(TEXTS): holder[name]}


def has(holder: dict[Any, Any] | list[Any], name: str | int) -> bool:
    if isinstance(holder, dict):
        return name in holder
    return isinstance(name, int) and name < len(holder)
