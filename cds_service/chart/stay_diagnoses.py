"""What a stay was for: its diagnoses by ICD category. Diagnoses coded in other systems alone leave it open."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from cds_service.chart.drugs import Coded
from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.chart.people import encounter_of
from cds_service.chart.systems import ICD9CM, ICD10, ICD10CM, codes_in
from cds_service.chart.whose import Own, label, own_resources
from cds_service.fhir.encounter import Encounter, EncounterDiagnosis
from cds_service.fhir.received import Received
from cds_service.fhir.references import relative
from cds_service.fhir.resources import Condition

ICD = frozenset({ICD9CM, ICD10CM, ICD10})
CONSIDERED = 3  # the development data hold the first three diagnoses of a stay
LAST_RANK = 10**6


class Span(msgspec.Struct, frozen=True):
    """Closed ranges of three-character categories: ICD-9 numeric, ICD-10 by letter and two characters."""

    icd_9: tuple[tuple[str, str], ...]
    icd_10: tuple[tuple[str, str], ...]

    def holds(self, coded: Coded) -> bool:
        category = coded.code.replace(".", "")[:3].upper()
        spans = self.icd_9 if coded.system == ICD9CM else self.icd_10
        return any(first <= category <= last for first, last in spans)


GROUPS: Mapping[str, Span] = MappingProxyType(
    {
        "stay_heart_failure": Span((("428", "428"),), (("I50", "I50"),)),
        "stay_kidney_disease": Span((("403", "404"), ("585", "586")), (("I12", "I13"), ("N18", "N19"))),
        "stay_lung_disease": Span((("490", "496"),), (("J40", "J47"),)),
        "stay_cancer": Span((("140", "172"), ("174", "208")), (("C00", "C43"), ("C45", "C97"))),
        "stay_liver_disease": Span((("570", "573"),), (("K70", "K77"),)),
        "stay_vascular_disease": Span((("440", "441"), ("443", "443")), (("I70", "I71"), ("I73", "I73"))),
    }
)
# Strack et al. 2014, table 2, with the symptoms each group takes along (785 to 788); ICD-10 by the same chapters.
PRINCIPAL: Mapping[str, Span] = MappingProxyType(
    {
        "circulatory": Span((("390", "459"), ("785", "785")), (("I00", "I99"), ("R00", "R03"))),
        "respiratory": Span((("460", "519"), ("786", "786")), (("J00", "J99"), ("R04", "R09"))),
        "digestive": Span((("520", "579"), ("787", "787")), (("K00", "K95"), ("R10", "R19"))),
        "diabetes": Span((("250", "250"),), (("E08", "E13"),)),
        "injury": Span((("800", "999"),), (("S00", "T88"),)),
        "musculoskeletal": Span((("710", "739"),), (("M00", "M99"),)),
        "genitourinary": Span((("580", "629"), ("788", "788")), (("N00", "N99"), ("R30", "R39"))),
        "neoplasm": Span((("140", "239"),), (("C00", "D49"),)),
    }
)


class StayDiagnoses(msgspec.Struct, frozen=True):
    """The diagnoses of one stay in their order, each with its ICD codes; `ranked` when the first is the main one."""

    codes: tuple[tuple[Coded, ...], ...]
    sources: tuple[Source, ...]
    ranked: bool


def stay_diagnoses(received: Received) -> StayDiagnoses | Unknown:
    """Encounter.diagnosis in order of rank; without any, the conditions that name this encounter."""
    encounter = encounter_of(received)
    if isinstance(encounter, Unknown):
        return encounter
    own = own_resources(received, "conditions", Condition)
    if encounter.diagnosis:
        return listed(encounter, own)
    if not own.complete:
        reason = own.reason or Reason.NOT_SENT
        return Unknown(reason, f"problem list {reason.value}")
    named = f"Encounter/{encounter.id}"
    found = [
        one for one in own.resources if one.encounter and relative(one.encounter.reference or "", own.urls) == named
    ]
    if not found:
        return Unknown(Reason.NOT_RECORDED, "diagnoses of the stay not recorded")
    return StayDiagnoses(
        tuple(codes_in(one.code, ICD) for one in found), tuple(Source(label(one)) for one in found), ranked=False
    )


def listed(encounter: Encounter, own: Own) -> StayDiagnoses:
    """The diagnoses an encounter lists. One whose Condition did not come has no codes."""
    by_label = {label(one): one for one in own.resources}
    order = sorted(encounter.diagnosis, key=lambda one: one.rank or LAST_RANK)
    names = tuple(dict.fromkeys(target(one, own) for one in order))
    codes = tuple(codes_in(by_label[name].code, ICD) if name in by_label else () for name in names)
    return StayDiagnoses(codes, tuple(Source(name) for name in names), ranked=True)


def target(diagnosis: EncounterDiagnosis, own: Own) -> str:
    reference = diagnosis.condition.reference if diagnosis.condition else None
    return relative(reference or "", own.urls)


def stay_diagnosis_count(received: Received) -> Fact[float]:
    """How many different diagnoses the stay has, unit `{count}`."""
    diagnoses = stay_diagnoses(received)
    if isinstance(diagnoses, Unknown):
        return diagnoses
    return Known(float(len(diagnoses.codes)), "{count}", diagnoses.sources)


def stay_principal_group(received: Received) -> Fact[str]:
    """The group of the first diagnosis, when an order is given."""
    diagnoses = stay_diagnoses(received)
    if isinstance(diagnoses, Unknown):
        return diagnoses
    if not diagnoses.ranked:
        return Unknown(Reason.NOT_RECORDED, "which diagnosis is the main one is not recorded")
    return principal_group(diagnoses.codes[0], diagnoses.sources[0])


def principal_group(codes: tuple[Coded, ...], source: Source) -> Fact[str]:
    """The group of one diagnosis by its ICD codes; "other" outside the eight groups."""
    if not codes:
        return Unknown(Reason.UNRECOGNISED, "the main diagnosis has no ICD code")
    found = (word for word, span in PRINCIPAL.items() if any(span.holds(coded) for coded in codes))
    return Known(next(found, "other"), sources=(source,))


def stay_group(name: str, received: Received) -> Fact[bool]:
    """Whether one of the first three diagnoses is of the group `name`."""
    diagnoses = stay_diagnoses(received)
    if isinstance(diagnoses, Unknown):
        return diagnoses
    return in_group(name, diagnoses.codes[:CONSIDERED], diagnoses.sources[:CONSIDERED])


def in_group(name: str, codes: tuple[tuple[Coded, ...], ...], sources: tuple[Source, ...]) -> Fact[bool]:
    """Yes by any of these diagnoses; no only when each has an ICD code."""
    for each, source in zip(codes, sources, strict=True):
        if any(GROUPS[name].holds(coded) for coded in each):
            return Known(True, sources=(source,))
    if not all(codes):
        return Unknown(Reason.UNRECOGNISED, "a diagnosis of the stay has no ICD code")
    return Known(False, sources=sources)
