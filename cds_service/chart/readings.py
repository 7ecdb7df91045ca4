"""Observations of the patient, put in order by code: what was read, when, and how far the list can be trusted."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from itertools import pairwise

import msgspec

from cds_service.chart.absent import KeyFacts, why_absent
from cds_service.chart.fact_type import FactType
from cds_service.chart.facts import Reason, Unknown
from cds_service.chart.systems import LOINC, canonical
from cds_service.chart.whose import NEVER_ASKED, Own, label, own_resources
from cds_service.fhir.dates import parse_moment
from cds_service.fhir.received import Received
from cds_service.fhir.resources import CodeableConcept, Observation, ObservationComponent

OBSERVATION_KEYS = ("labs", "vitals")

# Later in this order wins between results of one moment. Other states (registered, cancelled, entered-in-error,
# unknown) are no results.
RESULT_STATES: Mapping[str, int] = {"preliminary": 0, "final": 1, "amended": 2, "corrected": 3}
PRELIMINARY = "is preliminary"

UNDATED = datetime.min.replace(tzinfo=UTC)


class Reading(msgspec.Struct, frozen=True):
    """One value of one code: an Observation, or a component of one. `when` is UNDATED without any date."""

    code: str
    when: datetime
    reference: str
    status: str
    holder: Observation | ObservationComponent


class KeyState(msgspec.Struct, frozen=True):
    """How far one prefetch key can be trusted. `sorted_newest_first` matters only when it is truncated."""

    complete: bool = False
    reason: Reason = Reason.NOT_REQUESTED
    requested_codes: frozenset[str] | None = None
    sorted_newest_first: bool = True

    @property
    def reason_of_absence(self) -> Reason:
        """Why something is not there: read whole, it was not recorded."""
        return Reason.NOT_RECORDED if self.complete else self.reason


UNASKED = KeyState()


class Readings(msgspec.Struct, frozen=True):
    """All readings of the codes asked for, newest first per code, and the state of the keys they came by."""

    by_code: Mapping[str, tuple[Reading, ...]] = {}
    keys: Mapping[str, KeyState] = {}
    notes: tuple[str, ...] = ()

    def of(self, codes: tuple[str, ...]) -> tuple[Reading, ...]:
        """Readings of any of `codes`, newest first; at one moment the more final state, then the preferred code."""
        found = [self.by_code[code] for code in codes if code in self.by_code]
        if len(found) < 2:
            return found[0] if found else ()
        rank = {code: -place for place, code in enumerate(codes)}
        every = (reading for readings in found for reading in readings)
        return tuple(sorted(every, key=lambda one: (*finality(one), rank[one.code]), reverse=True))

    def absent(self, fact: FactType) -> Unknown:
        """Why there is no reading of `fact`: never asked for, not read, or read whole and not there."""
        state = self.keys.get(fact.key, UNASKED)
        return why_absent(fact, state.requested_codes, state.reason_of_absence)

    def all_absent(self, facts: KeyFacts) -> Mapping[str, Unknown]:
        """`absent` for each of some facts, by its name."""
        state = self.keys.get(facts.key, UNASKED)
        return facts.absent(state.requested_codes, state.reason_of_absence)


def finality(reading: Reading) -> tuple[datetime, int]:
    """Sort key: the later, and at one moment the more final, reading counts."""
    return reading.when, RESULT_STATES[reading.status]


def read_observations(received: Received, codes: frozenset[str], now: datetime, zone: tzinfo) -> Readings:
    """One pass over the observations received, keeping readings of `codes`.

    Dropped: states that are no result, values marked absent, and resources dated after `now` (noted). A resource of
    another patient is dropped and its list no longer counts as whole.
    """
    by_code: dict[str, list[Reading]] = {}
    keys: dict[str, KeyState] = {}
    notes: list[str] = []
    for key in OBSERVATION_KEYS:
        own = own_resources(received, key, Observation)
        keys[key] = state_of(own, received.prefetch.get(key, NEVER_ASKED).requested_codes, zone)
        notes.extend(own.notes)
        for observation in own.resources:
            for reading in readings_in(observation, codes, zone):
                doubt = doubt_about(reading, now)
                if doubt:
                    notes.append(f"{reading.reference} {doubt}")
                if not doubt or doubt is PRELIMINARY:
                    by_code.setdefault(reading.code, []).append(reading)
    newest_first = {code: tuple(sorted(found, key=finality, reverse=True)) for code, found in by_code.items()}
    return Readings(newest_first, keys, tuple(dict.fromkeys(notes)))


def doubt_about(reading: Reading, now: datetime) -> str:
    """Why a reading does not count, or PRELIMINARY for one that counts with a note; empty without doubt."""
    if reading.when > now:
        return "is dated after now"
    if reading.status not in RESULT_STATES:
        return f"has status {reading.status or 'none'}"
    return PRELIMINARY if reading.status == "preliminary" else ""


def state_of(own: Own, requested_codes: frozenset[str] | None, zone: tzinfo) -> KeyState:
    """How far a key can be trusted once another patient's resources were taken out of it."""
    reason = own.reason or Reason.MALFORMED
    newest_first = reason is not Reason.TRUNCATED or is_newest_first(own.resources, zone)
    return KeyState(own.complete, reason, requested_codes, newest_first)


def is_newest_first(observations: Iterable[Observation], zone: tzinfo) -> bool:
    moments = [moment_of(observation, zone) for observation in observations]
    return all(earlier >= later for earlier, later in pairwise(moments))


def readings_in(observation: Observation, codes: frozenset[str], zone: tzinfo) -> list[Reading]:
    """The readings of `codes` that an Observation and its components hold."""
    holders: tuple[Observation | ObservationComponent, ...] = (observation, *observation.component)
    wanted = [(code, holder) for holder in holders if (code := code_in(holder.code, codes)) and has_value(holder)]
    if not wanted:
        return []
    when, status = moment_of(observation, zone), observation.status or ""
    return [Reading(code, when, label(observation), status, holder) for code, holder in wanted]


def code_in(concept: CodeableConcept | None, codes: frozenset[str]) -> str | None:
    """The LOINC code of `concept` that is one of `codes`."""
    for coding in concept.coding if concept else ():
        if coding.code in codes and (coding.system == LOINC or canonical(coding.system) == LOINC):
            return coding.code
    return None


def has_value(holder: Observation | ObservationComponent) -> bool:
    """Whether anything was measured: `dataAbsentReason`, or no value at all, is no reading.

    A value that arrived but could not be read is one: it must not uncover an older value.
    """
    if holder.data_absent_reason is not None:
        return False
    if holder.value_quantity is not None or holder.value_codeable_concept is not None:
        return True
    if not isinstance(holder, Observation):
        return holder.value_string is not None
    others: tuple[object, ...] = (holder.value_string, holder.value_integer, holder.value_boolean)
    if holder.value_date_time is not None or any(value is not None for value in others):
        return True
    return any(member.startswith("value") for member in holder.odd)


def moment_of(observation: Observation, zone: tzinfo) -> datetime:
    """When the value was true of the patient: the effective time (the end of a period), else when it was issued."""
    moment = parse_moment(observation.effective_date_time, zone)
    if moment is not None:
        return moment
    period = observation.effective_period
    for text in (
        observation.effective_instant,
        period.end if period else None,
        period.start if period else None,
        observation.issued,
    ):
        moment = parse_moment(text, zone) if text else None
        if moment is not None:
            return moment
    return UNDATED
