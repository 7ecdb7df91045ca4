"""Who the patient is: age, sex, alive, in hospital or not, and whether care aims at comfort."""

import re
from calendar import monthrange
from datetime import date, datetime, tzinfo
from typing import Any, TypeVar

from cds_service.chart.drugs import Problem
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown
from cds_service.chart.problems import find_problem, unsettled
from cds_service.fhir.dates import parse_moment
from cds_service.fhir.encounter import Encounter
from cds_service.fhir.received import Received
from cds_service.fhir.references import belongs_to
from cds_service.fhir.resources import Patient, Resource

R = TypeVar("R", bound=Resource)

# v3-ActCode classes in which the patient stays in hospital: inpatient, acute, non-acute, short stay, observation.
IN_HOSPITAL = frozenset({"IMP", "ACUTE", "NONAC", "SS", "OBSENC"})
NOT_STARTED = frozenset({"planned", "cancelled", "entered-in-error"})

# Hospice care (three codes of the eCQM value set Hospice Care Ambulatory), palliative care (eCQM Palliative Care
# Intervention; NHS England PALCARE_COD).
COMFORT_SNOMED = frozenset({"385763009", "170935008", "170936009", "103735009"})
COMFORT_ICD_10_CM = ("Z51.5",)

OLDEST_YEARS = 125
BIRTH_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:T.*)?", re.ASCII)


def is_inpatient(received: Received) -> bool:
    """Whether the encounter of this call is a hospital stay. Without an encounter: no."""
    fact = inpatient(received)
    return isinstance(fact, Known) and fact.value


def inpatient(received: Received) -> Fact[bool]:
    """Whether the encounter of this call is a hospital stay, by Encounter.class (v3-ActCode)."""
    encounter = encounter_of(received)
    if isinstance(encounter, Unknown):
        return encounter
    code = encounter.class_.code if encounter.class_ else None
    if not code:
        return Unknown(Reason.NOT_RECORDED, "encounter class not recorded")
    source = Source(f"Encounter/{encounter.id or ''}")
    return Known(code in IN_HOSPITAL and encounter.status not in NOT_STARTED, sources=(source,))


def encounter_class(received: Received) -> str:
    """Encounter.class (v3-ActCode) of the encounter of this call; empty when it is not known or has not begun."""
    encounter = encounter_of(received)
    if isinstance(encounter, Unknown) or encounter.status in NOT_STARTED or encounter.class_ is None:
        return ""
    return encounter.class_.code or ""


def encounter_of(received: Received) -> Encounter | Unknown:
    """The encounter of this call, which must be the patient's."""
    encounter = only(received, "encounter", Encounter)
    if isinstance(encounter, Unknown):
        return encounter
    subject = encounter.subject.reference if encounter.subject else None
    if belongs_to(subject, received.patient_id, received.prefetch["encounter"].urls) is False:
        return Unknown(Reason.MALFORMED, "the encounter is of another patient")
    return encounter


def describe_person(received: Received, now: datetime, zone: tzinfo) -> dict[str, Fact[Any]]:
    """The facts `age`, `age_months`, `sex` and `deceased`, all from the Patient."""
    patient = the_patient(received)
    if isinstance(patient, Unknown):
        return dict.fromkeys(("age", "age_months", "sex", "deceased"), patient)
    source = Source(f"Patient/{received.patient_id}")
    months = age_in_months(patient.birth_date, now.astimezone(zone).date(), source)
    return {
        "age": in_years(months),
        "age_months": months,
        "sex": sex_of(patient, source),
        "deceased": Known(has_died(patient, now, zone), sources=(source,)),
    }


def the_patient(received: Received) -> Patient | Unknown:
    patient = only(received, "patient", Patient)
    if isinstance(patient, Patient) and patient.id not in (None, received.patient_id):
        return Unknown(Reason.MALFORMED, "the Patient sent is another patient")
    return patient


def only(received: Received, key: str, kind: type[R]) -> R | Unknown:
    """The resource of a key that brings one, or why it is not there."""
    result = received.prefetch.get(key)
    if result is None:
        return Unknown(Reason.NOT_REQUESTED, f"{key} not requested")
    found = next((resource for resource in result.resources if isinstance(resource, kind)), None)
    if found is None:
        reason = result.reason or Reason.NOT_RECORDED
        return Unknown(reason, f"{key} {reason.value}")
    return found


def age_in_months(birth_date: str | None, today: date, source: Source) -> Fact[float]:
    """Completed calendar months since birth.

    A birth date of a year or a month only gives the age of the youngest who could have it, as a lower bound
    (`at_least`).
    """
    if not birth_date:
        return Unknown(Reason.NOT_RECORDED, "birth date not recorded")
    match = BIRTH_DATE.fullmatch(birth_date.strip())
    born = latest_birth(*match.groups()) if match else None
    if match is None or born is None:
        return Unknown(Reason.MALFORMED, "birth date is not a date")
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if match[3] is None and born > today >= born.replace(month=int(match[2] or 1), day=1):
        months = 0
    if not 0 <= months <= OLDEST_YEARS * 12:
        return Unknown(Reason.IMPLAUSIBLE, f"birth date {birth_date}")
    return Known(float(months), "mo", (source,), at_least=match[3] is None)


def latest_birth(year: str, month: str | None, day: str | None) -> date | None:
    """The last day that a full or partial birth date can mean."""
    try:
        if day is not None:
            return date(int(year), int(month or 12), int(day))
        if month is not None:
            first = date(int(year), int(month), 1)
            return first.replace(day=monthrange(first.year, first.month)[1])
        return date(int(year), 12, 31)
    except ValueError:
        return None


def in_years(months: Fact[float]) -> Fact[float]:
    """Completed calendar years."""
    if isinstance(months, Unknown):
        return months
    return Known(float(months.value // 12), "a", months.sources, formula=months.formula, at_least=months.at_least)


def sex_of(patient: Patient, source: Source) -> Fact[str]:
    """Patient.gender where it is male or female; equations and rules know no others."""
    if patient.gender in ("male", "female"):
        return Known(patient.gender, sources=(source,))
    if patient.gender in ("other", "unknown"):
        return Unknown(Reason.NOT_RECORDED, f"sex recorded as {patient.gender!r}")
    return Unknown(Reason.NOT_RECORDED, "sex not recorded")


def has_died(patient: Patient, now: datetime, zone: tzinfo) -> bool:
    """Deceased, at `now`. A death whose date cannot be read has happened."""
    if patient.deceased_date_time is None:
        return bool(patient.deceased_boolean)
    died = parse_moment(patient.deceased_date_time, zone)
    return died is None or died <= now


def comfort_care(conditions: Items[Problem]) -> Fact[bool]:
    """Whether an active problem says hospice or palliative care. Procedures and orders are not looked at."""
    problem = find_problem(conditions, COMFORT_SNOMED, COMFORT_ICD_10_CM)
    if problem is not None:
        return Known(True, sources=(Source(problem.reference, problem.onset),), as_of=problem.onset)
    return unsettled(conditions) or Known(False)
