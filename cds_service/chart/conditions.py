"""Problems and procedures: coded in a system the value sets can speak of, or named as unrecognised."""

from datetime import datetime, tzinfo

from cds_service.chart.drugs import Coded, Problem, ProcedureDone
from cds_service.chart.facts import Items, Unrecognised
from cds_service.chart.recognise import CodeMap
from cds_service.chart.systems import (
    CPT,
    HCPCS,
    ICD9CM,
    ICD10,
    ICD10CM,
    ICD10PCS,
    SNOMED,
    codes_in,
    coding_key,
    text_of,
)
from cds_service.chart.whose import label, own_resources
from cds_service.fhir.dates import parse_moment
from cds_service.fhir.received import Received
from cds_service.fhir.resources import CodeableConcept, Condition, Procedure

SYSTEMS = frozenset({SNOMED, ICD10CM, ICD10, ICD9CM})
PROCEDURE_SYSTEMS = SYSTEMS | {
    CPT,
    ICD10PCS,
    HCPCS,
}
DROPPED = frozenset({"entered-in-error", "refuted"})
OVER = frozenset({"resolved", "inactive", "remission"})
DONE = frozenset({"completed", "in-progress", None})

NAMELESS = "a problem without a name"


def read_conditions(
    received: Received, now: datetime, zone: tzinfo, code_map: CodeMap
) -> tuple[Items[Problem], tuple[str, ...]]:
    """The problem list, resolved problems included. Refuted ones and mistakes are dropped.

    A problem without a clinical status is active unless it abated. One recorded, or begun, after now is not there yet.
    """
    own = own_resources(received, "conditions", Condition)
    problems: list[Problem] = []
    unrecognised: list[Unrecognised] = []
    notes = list(own.notes)
    for condition in own.resources:
        if status_code(condition.verification_status) in DROPPED or status_code(condition.clinical_status) in DROPPED:
            continue
        onset = parse_moment(condition.onset_date_time, zone)
        written = parse_moment(condition.recorded_date, zone) or onset
        if written and written > now:
            notes.append(f"{label(condition)} is dated after now")
            continue
        codes = recognised_codes(condition.code, SYSTEMS, code_map)
        name = text_of(condition.code) or NAMELESS
        if codes:
            problems.append(Problem(label(condition), name, codes, is_active(condition, now, zone), onset or written))
        else:
            unrecognised.append(Unrecognised(name, label(condition)))
    return own.items(tuple(problems), tuple(unrecognised)), tuple(notes)


def read_procedures(
    received: Received, now: datetime, zone: tzinfo, code_map: CodeMap
) -> tuple[Items[ProcedureDone], tuple[str, ...]]:
    """Procedures done or under way; planned, stopped and abandoned ones are dropped."""
    own = own_resources(received, "procedures", Procedure)
    done: list[ProcedureDone] = []
    unrecognised: list[Unrecognised] = []
    notes = list(own.notes)
    for procedure in own.resources:
        if procedure.status not in DONE:
            continue
        start = procedure.performed_period.start if procedure.performed_period else None
        when = parse_moment(procedure.performed_date_time or start, zone)
        if when and when > now:
            notes.append(f"{label(procedure)} is dated after now")
            continue
        codes = recognised_codes(procedure.code, PROCEDURE_SYSTEMS, code_map)
        name = text_of(procedure.code) or "a procedure without a name"
        if codes:
            done.append(ProcedureDone(label(procedure), name, codes, when))
        else:
            unrecognised.append(Unrecognised(name, label(procedure)))
    return own.items(tuple(done), tuple(unrecognised)), tuple(notes)


def recognised_codes(concept: CodeableConcept | None, systems: frozenset[str], code_map: CodeMap) -> tuple[Coded, ...]:
    """The codings in known systems, and those the site's code map gives for its local ones."""
    codes = codes_in(concept, systems)
    if not code_map or concept is None:
        return codes
    mapped = (code_map[key] for key in map(coding_key, concept.coding) if key in code_map)
    return (*codes, *(Coded(system, code) for system, code in mapped if system in systems))


def is_active(condition: Condition, now: datetime, zone: tzinfo) -> bool:
    """By clinical status; without one, unless it abated."""
    status = status_code(condition.clinical_status)
    if status:
        return status not in OVER
    abated = parse_moment(condition.abatement_date_time, zone)
    return not condition.abatement_boolean and not (abated and abated <= now)


def status_code(concept: CodeableConcept | None) -> str:
    """A status as its code, lower case; a status given only as text is its text."""
    if concept is None:
        return ""
    for coding in concept.coding:
        if coding.code:
            return coding.code.strip().lower()
    return (concept.text or "").strip().lower()
