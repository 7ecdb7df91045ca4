"""Whether the patient is pregnant, from what was stated, a delivery date or the problem list."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.drugs import Problem
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown
from cds_service.chart.measuring import Setting
from cds_service.chart.problems import is_coded, unsettled
from cds_service.chart.readings import UNDATED, Reading, Readings
from cds_service.chart.systems import SNOMED, codes_in
from cds_service.fhir.dates import parse_moment
from cds_service.fhir.resources import CodeableConcept, Observation

STATUS_CODE, *DELIVERY_CODES = CATALOGUE["pregnancy_status"].loinc

# HL7 IPS value set pregnancy-status-uv-ips.
ANSWERS: Mapping[str, str] = {
    "77386006": "pregnant",
    "60001007": "not-pregnant",
    "152231000119106": "possible",
    "146799005": "possible",
}

PREGNANT_SNOMED = frozenset({"77386006", "72892002"})
# Pregnant state, supervision, and the blocks of chapter XV that only hold before delivery: abortive outcomes
# (O00-O08), delivery, the puerperium and blocks that mix these with pregnancy are left out, so they prove nothing.
PREGNANT_ICD_10_CM = (
    *("Z33.1", "Z34", "O09", "O20", "O21", "O22", "O23", "O28", "O29", "O30", "O31", "O32", "O33", "O34", "O35", "O36"),
    *("O40", "O41", "O42", "O43", "O44", "O45", "O46", "O47", "O48"),
)

# A pregnant statement or problem keeps ten months; a delivery date from 43 weeks before it to 14 days after.
STATED = timedelta(days=300)
TERM = timedelta(weeks=43)
FULL_TERM = timedelta(weeks=40)
OVERDUE = timedelta(days=14)
# "Not pregnant" can stop being true within weeks. House default, not from a source.
DENIED = timedelta(days=42)


def pregnancy_status(readings: Readings, conditions: Items[Problem], sex: Fact[str], setting: Setting) -> Fact[str]:
    """ "pregnant", "not-pregnant" or "possible", by the newest evidence still in date; men are not pregnant.

    A pregnant statement, a delivery date and an active pregnancy problem prove a pregnancy, a later "not pregnant"
    ends it. Laboratory hCG is not read: what came after it is not known. Nothing found is Unknown, never "not".
    """
    if isinstance(sex, Known) and sex.value == "male":
        return Known("not-pregnant", sources=sex.sources)
    evidence = [*stated(readings, setting), *expected(readings, setting), *listed(conditions)]
    current = [known for known in evidence if known.as_of and setting.now - known.as_of <= keeps(known.value)]
    if current:
        return max(current, key=lambda known: known.as_of or UNDATED)
    dated = [known.as_of for known in evidence if known.as_of]
    if dated:
        return Unknown(Reason.TOO_OLD, f"pregnancy status of {setting.on(max(dated))}", max(dated))
    if evidence:
        return Unknown(Reason.MALFORMED, "pregnancy on the problem list without a date")
    missing = readings.absent(CATALOGUE["pregnancy_status"])
    return (unsettled(conditions) or missing) if missing.reason is Reason.NOT_RECORDED else missing


def is_pregnant(status: Fact[str]) -> Fact[bool]:
    """Yes or no where the status says so; a possible pregnancy is Unknown."""
    if isinstance(status, Unknown):
        return status
    if status.value == "possible":
        return Unknown(Reason.NOT_RECORDED, "possible pregnancy, not confirmed", status.as_of)
    return Known(status.value == "pregnant", sources=status.sources, as_of=status.as_of)


def gestational_weeks(readings: Readings, setting: Setting) -> Fact[float]:
    """Completed weeks of gestation by the newest delivery date: 40 weeks less the weeks left to it.

    Counted in days of the site's calendar. Whether the patient is pregnant is another fact.
    """
    found = readings.of(tuple(DELIVERY_CODES))
    due = delivery_date(found[0], setting) if found else None
    if due is None:
        missing = readings.absent(CATALOGUE["pregnancy_status"])
        return Unknown(Reason.MALFORMED if found else missing.reason, "delivery date")
    days_left = (due.astimezone(setting.zone).date() - setting.now.astimezone(setting.zone).date()).days
    if not -OVERDUE.days <= days_left <= FULL_TERM.days:
        return Unknown(Reason.TOO_OLD, f"delivery date {setting.on(due)}", found[0].when)
    stated_by = known("", found[0])
    weeks = float((FULL_TERM.days - days_left) // 7)
    return Known(weeks, "wk", stated_by.sources, stated_by.as_of, formula="40 weeks at the delivery date")


def keeps(status: str) -> timedelta:
    return STATED if status == "pregnant" else DENIED


def stated(readings: Readings, setting: Setting) -> list[Known[str]]:
    """The newest pregnancy status observation, if its answer is one of the value set."""
    for reading in readings.of((STATUS_CODE,))[:1]:
        word = answer_in(reading.holder.value_codeable_concept, ANSWERS)
        if word:
            return [known(word, reading)]
    return []


def expected(readings: Readings, setting: Setting) -> list[Known[str]]:
    """The newest delivery date, if it lies ahead by no more than a term or was missed by no more than two weeks."""
    for reading in readings.of(tuple(DELIVERY_CODES))[:1]:
        due = delivery_date(reading, setting)
        if due is not None and -OVERDUE <= due - setting.now <= TERM:
            return [known("pregnant", reading)]
    return []


def delivery_date(reading: Reading, setting: Setting) -> datetime | None:
    holder = reading.holder
    text = holder.value_date_time if isinstance(holder, Observation) else None
    return parse_moment(text or holder.value_string, setting.zone)


def listed(conditions: Items[Problem]) -> list[Known[str]]:
    """Active pregnancy problems; one without an onset proves nothing about today."""
    return [
        Known("pregnant", sources=(Source(problem.reference, problem.onset),), as_of=problem.onset)
        for problem in conditions.items
        if problem.active and any(is_coded(coded, PREGNANT_SNOMED, PREGNANT_ICD_10_CM) for coded in problem.codes)
    ]


def known(word: str, reading: Reading) -> Known[str]:
    dated = None if reading.when == UNDATED else reading.when
    return Known(word, sources=(Source(reading.reference, dated),), as_of=dated)


def answer_in(concept: CodeableConcept | None, answers: Mapping[str, str]) -> str | None:
    """The word for the first SNOMED CT coding that is an answer."""
    codes = codes_in(concept, frozenset({SNOMED}))
    return next((answers[coded.code] for coded in codes if coded.code in answers), None)
