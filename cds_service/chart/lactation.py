"""Whether the patient breastfeeds, as somebody asked or wrote down. A delivery alone is not breastfeeding."""

from collections.abc import Mapping
from datetime import timedelta

from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.drugs import Problem
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown
from cds_service.chart.measuring import Setting
from cds_service.chart.problems import is_coded
from cds_service.chart.readings import UNDATED, Readings
from cds_service.chart.systems import LOINC, SNOMED, canonical
from cds_service.fhir.resources import CodeableConcept

# Breastfeeding started, normal lactation, maternal breastfeeding (SNOMED CT); encounter for lactating mother.
LACTATING_SNOMED = frozenset({"169745008", "82374005", "1260078007"})
LACTATING_ICD_10_CM = ("Z39.1",)

# Answers of LOINC 63895-7, as the profile ISiKStillstatus lists them; SNOMED CT as above.
ANSWERS: Mapping[tuple[str, str], bool] = {
    (LOINC, "LA29252-6"): True,
    (LOINC, "LA29253-4"): False,
    **{(SNOMED, code): True for code in LACTATING_SNOMED},
}

# A yes keeps a year (LactMed facts speak of the breastfed infant); a no can stop being true at any birth. House
# defaults, not from a source.
CONFIRMED = timedelta(days=365)
DENIED = timedelta(days=42)


def lactating(readings: Readings, conditions: Items[Problem], sex: Fact[str], setting: Setting) -> Fact[bool]:
    """By the newest answer or active problem still in date; men do not. Nothing found is Unknown, never "no"."""
    if isinstance(sex, Known) and sex.value == "male":
        return Known(False, sources=sex.sources)
    evidence = [*answered(readings), *listed(conditions)]
    newest = max(evidence, key=lambda known: known.as_of or UNDATED, default=None)
    if newest is None:
        return readings.absent(CATALOGUE["lactating"])
    if newest.as_of is None:
        return Unknown(Reason.MALFORMED, "breastfeeding recorded without a date")
    if setting.now - newest.as_of > (CONFIRMED if newest.value else DENIED):
        return Unknown(Reason.TOO_OLD, f"breastfeeding status of {setting.on(newest.as_of)}", newest.as_of)
    return newest


def answered(readings: Readings) -> list[Known[bool]]:
    """The newest answer, if it is one that is known."""
    for reading in readings.of(CATALOGUE["lactating"].loinc)[:1]:
        answer = answer_in(reading.holder.value_codeable_concept)
        if answer is not None:
            when = None if reading.when == UNDATED else reading.when
            return [Known(answer, sources=(Source(reading.reference, when),), as_of=when)]
    return []


def answer_in(concept: CodeableConcept | None) -> bool | None:
    """Yes or no by the first coding that is an answer."""
    for coding in concept.coding if concept else ():
        answer = ANSWERS.get((canonical(coding.system), coding.code or ""))
        if answer is not None:
            return answer
    return None


def listed(conditions: Items[Problem]) -> list[Known[bool]]:
    return [
        Known(True, sources=(Source(problem.reference, problem.onset),), as_of=problem.onset)
        for problem in conditions.items
        if problem.active and any(is_coded(coded, LACTATING_SNOMED, LACTATING_ICD_10_CM) for coded in problem.codes)
    ]
