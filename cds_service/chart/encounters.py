"""The stay that ends: how long it was, how it began, where it leads, and what came in the year before.

Codes: HL7 admit-source and discharge-disposition, v3-ActPriority and v3-ActCode; NUBC patient discharge status (form
locator 17 of UB-04), which tells home health care apart.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.chart.measuring import Setting
from cds_service.chart.people import IN_HOSPITAL, NOT_STARTED, encounter_of
from cds_service.chart.systems import canonical
from cds_service.chart.whose import Own, label, own_resources
from cds_service.fhir.dates import parse_moment
from cds_service.fhir.encounter import Encounter
from cds_service.fhir.received import Received
from cds_service.fhir.resources import CodeableConcept

ADMIT_SOURCE = "http://terminology.hl7.org/CodeSystem/admit-source"
DISPOSITION = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
NUBC_STATUS = "https://www.nubc.org/CodeSystem/PatDischargeStatus"
ACT_PRIORITY = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"

YEAR = timedelta(days=365)
HALF_YEAR = timedelta(days=182)

Words = Mapping[tuple[str, str], str]


def _coded(system: str, pairs: str) -> dict[tuple[str, str], str]:
    """`code=word` pairs of one system."""
    return {(system, code): word for code, _, word in (pair.partition("=") for pair in pairs.split())}


SOURCES: Words = MappingProxyType(
    _coded(
        ADMIT_SOURCE,
        "emd=emergency gp=referral mp=referral outp=referral hosp-trans=transfer nursing=facility psych=facility "
        "rehab=facility born=other other=other",
    )
)
PRIORITIES: Words = MappingProxyType(_coded(ACT_PRIORITY, "EM=emergency UR=urgent EL=elective"))
DISPOSITIONS: Words = MappingProxyType(
    {
        **_coded(
            DISPOSITION,
            "home=home alt-home=home other-hcf=other-facility hosp=hospice long=long-term-care aadvice=against-advice "
            "exp=died psy=psychiatric rehab=rehabilitation snf=skilled-nursing oth=other",
        ),
        **_coded(
            NUBC_STATUS,
            "01=home 02=hospital 03=skilled-nursing 04=long-term-care 05=other-facility 06=home-health "
            "07=against-advice 09=hospital 20=died 30=other 40=died 41=died 42=died 43=hospital 50=hospice 51=hospice "
            "61=skilled-nursing 62=rehabilitation 63=long-term-care 64=long-term-care 65=psychiatric 66=hospital "
            "70=other-facility",
        ),
    }
)
KINDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(IN_HOSPITAL - {"OBSENC"}, "inpatient"),
        "EMER": "emergency",
        **dict.fromkeys(("AMB", "OBSENC"), "outpatient"),  # observation is outpatient care in US billing
        **dict.fromkeys(("VR", "HH", "FLD", "PRENC"), "other"),
    }
)


class Stay(msgspec.Struct, frozen=True):
    """The encounter of this call with its beginning, in UTC."""

    encounter: Encounter
    start: datetime
    source: Source


def this_stay(received: Received, setting: Setting) -> Stay | Unknown:
    """The encounter of this call when it is a stay in hospital whose beginning is known."""
    encounter = encounter_of(received)
    if isinstance(encounter, Unknown):
        return encounter
    code = encounter.class_.code if encounter.class_ else None
    if code not in IN_HOSPITAL:
        return Unknown(Reason.NOT_RECORDED, f"the encounter is no stay in hospital (class {code or 'not recorded'})")
    start = parse_moment(encounter.period.start if encounter.period else None, setting.zone)
    if start is None:
        return Unknown(Reason.NOT_RECORDED, "time of admission not recorded")
    if start > setting.now:
        return Unknown(Reason.IMPLAUSIBLE, "admission dated after now")
    return Stay(encounter, start, Source(label(encounter), start))


def length_of_stay(received: Received, setting: Setting) -> Fact[float]:
    """Nights from admission to discharge, to now while the stay goes on; unit `d`."""
    stay = this_stay(received, setting)
    if isinstance(stay, Unknown):
        return stay
    end = parse_moment(stay.encounter.period.end if stay.encounter.period else None, setting.zone)
    last = min(end, setting.now) if end else setting.now
    nights = (last.astimezone(setting.zone).date() - stay.start.astimezone(setting.zone).date()).days
    if not 0 <= nights <= 366:
        return Unknown(Reason.IMPLAUSIBLE, f"a stay of {nights} days")
    return Known(float(nights), "d", (stay.source,), last)


def admission_source(received: Received) -> Fact[str]:
    """Where the patient came from, of the words of the catalogue."""
    encounter = encounter_of(received)
    if isinstance(encounter, Unknown):
        return encounter
    hospitalization = encounter.hospitalization
    return word_of(hospitalization.admit_source if hospitalization else None, SOURCES, "admission source", encounter)


def admission_priority(received: Received) -> Fact[str]:
    """Emergency, urgent or elective."""
    encounter = encounter_of(received)
    if isinstance(encounter, Unknown):
        return encounter
    return word_of(encounter.priority, PRIORITIES, "admission priority", encounter)


def discharge_disposition(received: Received) -> Fact[str]:
    """Where the patient goes, of the words of the catalogue."""
    encounter = encounter_of(received)
    if isinstance(encounter, Unknown):
        return encounter
    stated = encounter.hospitalization.discharge_disposition if encounter.hospitalization else None
    return word_of(stated, DISPOSITIONS, "discharge disposition", encounter)


def word_of(concept: CodeableConcept | None, words: Words, what: str, encounter: Encounter) -> Fact[str]:
    """The word for the first coding that has one."""
    if concept is None:
        return Unknown(Reason.NOT_RECORDED, f"{what} not recorded")
    for coding in concept.coding:
        word = words.get((canonical(coding.system), (coding.code or "").strip()))
        if word is not None:
            return Known(word, sources=(Source(label(encounter)),))
    return Unknown(Reason.UNRECOGNISED, f"{what} in codes that are not known")


def visits_before(kind: str, received: Received, setting: Setting, window: timedelta = YEAR) -> Fact[float]:
    """Encounters of one kind (inpatient, emergency, outpatient) begun in the `window` before the day of admission.

    What began on the day of admission belongs to this stay. Unknown unless every encounter of that time was read with
    its beginning and a known class; a page cut short counts when it reaches back beyond it.
    """
    stay = this_stay(received, setting)
    if isinstance(stay, Unknown):
        return stay
    own = own_resources(received, "encounters", Encounter)
    until = stay.start.astimezone(setting.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    since = until - window
    earlier, doubt = begun_between(own, since, until, stay, setting)
    if doubt is not None:
        return doubt
    counted = tuple(Source(label(one), began) for one, began in earlier if KINDS[class_of(one)] == kind)
    return Known(float(len(counted)), "{count}", counted or (stay.source,), until)


def begun_between(
    own: Own, since: datetime, until: datetime, stay: Stay, setting: Setting
) -> tuple[list[tuple[Encounter, datetime]], Unknown | None]:
    """The encounters of the window with their beginnings, or why they cannot be counted."""
    found: list[tuple[Encounter, datetime]] = []
    reaches_back = False
    for one in own.resources:
        if one.status in NOT_STARTED or (one.id is not None and one.id == stay.encounter.id):
            continue
        began = parse_moment(one.period.start if one.period else None, setting.zone)
        if began is None:
            return [], Unknown(Reason.MALFORMED, f"{label(one)} without a beginning")
        reaches_back = reaches_back or began < since
        if since <= began < until:
            if class_of(one) not in KINDS:
                return [], Unknown(Reason.UNRECOGNISED, f"{label(one)} of class {class_of(one) or 'not recorded'}")
            found.append((one, began))
    if own.unreadable:
        return [], Unknown(Reason.MALFORMED, "an encounter could not be read")
    if not (own.complete or (own.reason is Reason.TRUNCATED and reaches_back)):
        reason = own.reason or Reason.NOT_SENT
        return [], Unknown(reason, f"earlier encounters {reason.value}")
    return found, None


def class_of(encounter: Encounter) -> str:
    return (encounter.class_.code if encounter.class_ else None) or ""
