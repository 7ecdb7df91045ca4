"""Orders that suggestions create, change or delete, as FHIR R4 JSON.

A change patches a copy of the order as it was received: every member that is not meant to change keeps its bytes. An
order whose dosage is more than one simple instruction is not patched at all (None): half a change would contradict the
other half. What repeats the old dose in words goes with it: the sentence of the dosage, the generated narrative.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"

ROUTES: Mapping[str, tuple[str, str, str, str]] = {
    # SNOMED CT code and display, and how a sentence says it.
    "oral": ("26643006", "Oral route", "Take", "by mouth"),
    "nasal": ("46713006", "Nasal route", "Use", "into the nose"),
    "transdermal": ("45890007", "Transdermal route", "Apply", "to the skin"),
    "subcutaneous": ("34206005", "Subcutaneous route", "Inject", "under the skin"),
}
TIMES = {1: "once", 2: "twice"}

# Other ways to say how much or when: an order with one of these is not patched.
OTHER_AMOUNTS = frozenset({"patientInstruction", "doseQuantity", "doseRange", "maxDosePerAdministration"})
OTHER_SCHEDULES = frozenset(
    {"count", "countMax", "duration", "durationMax", "durationUnit", "dayOfWeek", "timeOfDay", "when", "offset"}
)
FREQUENCY = frozenset({"frequency", "frequencyMax", "period", "periodMax", "periodUnit"})

Members = dict[str, msgspec.Raw]
OBJECT = msgspec.json.Decoder(Members)
OBJECTS = msgspec.json.Decoder(list[Members])


class Sig(Protocol):
    """How an orderable is taken; `knowledge.suggestions.Sig` is one."""

    @property
    def count(self) -> float: ...
    @property
    def unit(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def times_per_day(self) -> int | None: ...
    @property
    def every_hours(self) -> int | None: ...
    @property
    def as_needed(self) -> bool: ...
    @property
    def max_per_day(self) -> float | None: ...
    @property
    def days(self) -> int | None: ...


def new_medication_order(
    rxcui: str, product: str, sig: Sig, patient_id: str, encounter_id: str | None, replaces: str | None = None
) -> bytes:
    """A draft MedicationRequest for an RxNorm product. `replaces` is the prescription it takes the place of."""
    return msgspec.json.encode(
        {
            "resourceType": "MedicationRequest",
            "status": "draft",
            "intent": "order",
            "medicationCodeableConcept": medication(rxcui, product),
            **whose(patient_id, encounter_id),
            **({"priorPrescription": {"reference": replaces}} if replaces else {}),
            "dosageInstruction": [dosage(sig)],
        }
    )


def new_service_order(
    title: str, patient_id: str, encounter_id: str | None, loinc: str = "", display: str = ""
) -> bytes:
    """A draft ServiceRequest for a laboratory test by LOINC, or for a service in words."""
    coding = {"coding": [{"system": LOINC, "code": loinc, "display": display}]} if loinc else {}
    return msgspec.json.encode(
        {
            "resourceType": "ServiceRequest",
            "status": "draft",
            "intent": "order",
            "code": {**coding, "text": title},
            **whose(patient_id, encounter_id),
        }
    )


def whose(patient_id: str, encounter_id: str | None) -> dict[str, Any]:
    encounter = {"encounter": {"reference": f"Encounter/{encounter_id}"}} if encounter_id else {}
    return {"subject": {"reference": f"Patient/{patient_id}"}, **encounter}


def medication(rxcui: str, product: str) -> dict[str, Any]:
    return {"coding": [{"system": RXNORM, "code": rxcui, "display": product}], "text": product}


def dosage(sig: Sig) -> dict[str, Any]:
    """One Dosage: a sentence, and the same in codes."""
    code, display, _, _ = ROUTES[sig.route]
    ucum = {"system": UCUM, "code": sig.unit} if sig.unit == "mL" else {}
    most = (
        {"numerator": quantity(sig.max_per_day, "mg"), "denominator": {**quantity(1, "d"), "unit": "day"}}
        if sig.max_per_day
        else None
    )
    return {
        "text": sentence(sig),
        **({"timing": {"repeat": repeat}} if (repeat := repetition(sig)) else {}),
        "asNeededBoolean": sig.as_needed,
        "route": {"coding": [{"system": SNOMED, "code": code, "display": display}]},
        "doseAndRate": [{"doseQuantity": {"value": whole(sig.count), "unit": sig.unit, **ucum}}],
        **({"maxDosePerPeriod": most} if most else {}),
    }


def repetition(sig: Sig) -> dict[str, Any]:
    bounds = {"boundsDuration": {**quantity(sig.days, "d"), "unit": "day"}} if sig.days else {}
    if sig.times_per_day:
        return {**bounds, "frequency": sig.times_per_day, "period": 1, "periodUnit": "d"}
    if sig.every_hours:
        return {**bounds, "frequency": 1, "period": sig.every_hours, "periodUnit": "h"}
    return bounds


def quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": whole(value), "unit": unit, "system": UCUM, "code": unit}


def whole(value: float) -> float:
    """A number as people write it: 1, not 1.0."""
    return int(value) if float(value).is_integer() else value


def sentence(sig: Sig) -> str:
    """The dosage in words: "Take 1 tablet by mouth every 6 hours as needed, max 3000 mg per day"."""
    _, _, verb, way = ROUTES[sig.route]
    unit = sig.unit if sig.count == 1 or sig.unit == "mL" else f"{sig.unit}s"
    parts = [f"{verb} {whole(sig.count):g} {unit} {way}"]
    if sig.times_per_day:
        parts.append(say_times(sig.times_per_day))
    elif sig.every_hours:
        parts.append(f"every {sig.every_hours} hours")
    parts += ["as needed"] if sig.as_needed else []
    parts += [f"for {sig.days} days"] if sig.days else []
    most = f", max {whole(sig.max_per_day):g} mg per day" if sig.max_per_day else ""
    return " ".join(parts) + most


def say_times(times: int) -> str:
    """ "once a day", "3 times a day"."""
    return f"{TIMES.get(times, f'{times} times')} a day"


def own_reference(original: bytes) -> str | None:
    """`Type/id` of a received order, or None when it came without an id: then nothing can point at it."""
    members = OBJECT.decode(original)
    id = text_of(members, "id")
    return f"{text_of(members, 'resourceType')}/{id}" if id else None


def text_of(members: Members, name: str) -> str:
    """A member that is a string; empty for anything else."""
    try:
        return msgspec.json.decode(members.get(name, msgspec.Raw(b'""')), type=str)
    except msgspec.DecodeError:
        return ""


def change_dose(original: bytes, value: float, words: str | None) -> bytes | None:
    """The order with another number in its one `doseQuantity`; the unit stays. `words` is the new sentence."""
    order, instruction = OBJECT.decode(original), only_dosage(original)
    if instruction is None:
        return None
    try:
        (part,) = OBJECTS.decode(instruction["doseAndRate"])
        amount = OBJECT.decode(part["doseQuantity"])
    except (KeyError, ValueError, msgspec.DecodeError):
        return None
    if "value" not in amount or {"doseRange", "rateQuantity", "rateRatio", "rateRange"} & part.keys():
        return None
    part["doseQuantity"] = pack({**amount, "value": pack(whole(value))})
    return finish(order, {**instruction, "doseAndRate": pack([part])}, words)


def change_frequency(original: bytes, times_per_day: int, words: str | None) -> bytes | None:
    """The order with another number of times a day; the bounds of its timing stay. `words` is the new sentence."""
    order, instruction = OBJECT.decode(original), only_dosage(original)
    if instruction is None:
        return None
    try:
        timing = OBJECT.decode(instruction.get("timing", b"{}"))
        repeat = OBJECT.decode(timing.get("repeat", b"{}"))
    except msgspec.DecodeError:
        return None
    if "event" in timing or OTHER_SCHEDULES & repeat.keys():
        return None
    kept = {name: member for name, member in repeat.items() if name not in FREQUENCY}
    often = {"frequency": pack(times_per_day), "period": pack(1), "periodUnit": pack("d")}
    timing = {name: member for name, member in timing.items() if name != "code"} | {"repeat": pack({**kept, **often})}
    return finish(order, {**instruction, "timing": pack(timing)}, words)


def change_product(original: bytes, rxcui: str, product: str, sig: Sig) -> bytes | None:
    """The order for another product with that product's dosage, for clients that take one action at a time.

    The quantity to dispense belonged to the old product and is left out, and so is its contained Medication.
    """
    order = OBJECT.decode(original)
    if not {"medicationCodeableConcept", "medicationReference"} & order.keys() or has_own_words(order):
        return None
    bare = without_old_product(order)
    if bare is None:
        return None
    new = {"medicationCodeableConcept": medication(rxcui, product), "dosageInstruction": [dosage(sig)]}
    return pack_order(bare | {name: pack(member) for name, member in new.items()})


def without_old_product(order: Members) -> Members | None:
    """An order without its contained or referenced Medication and without the amount of it to dispense.

    None when one of the members that say so cannot be read.
    """
    try:
        reference = text_of(OBJECT.decode(order.get("medicationReference", b"{}")), "reference")
        contained = OBJECTS.decode(order.get("contained", b"[]"))
        dispense = OBJECT.decode(order.get("dispenseRequest", b"{}"))
    except msgspec.DecodeError:
        return None
    others = [each for each in contained if f"#{text_of(each, 'id')}" != reference]
    dispense.pop("quantity", None)
    changed = {"contained": others, "dispenseRequest": dispense}
    kept = {name: member for name, member in order.items() if name not in {"medicationReference", *changed}}
    return kept | {name: pack(member) for name, member in changed.items() if member}


def only_dosage(original: bytes) -> Members | None:
    """The one simple instruction of an order, or None when there is none, several, or one said in two ways."""
    order = OBJECT.decode(original)
    try:
        (instruction,) = OBJECTS.decode(order["dosageInstruction"])
    except (KeyError, ValueError, msgspec.DecodeError):
        return None
    return None if OTHER_AMOUNTS & instruction.keys() or has_own_words(order) else instruction


def has_own_words(order: Members) -> bool:
    """Whether the narrative holds what the data does not: then it can neither stay nor go."""
    try:
        return text_of(OBJECT.decode(order.get("text", b"{}")), "status") == "additional"
    except msgspec.DecodeError:
        return True


def finish(order: Members, instruction: Members, words: str | None) -> bytes | None:
    """The order with its instruction changed, and the sentence with it; None if there is one and no `words` for it."""
    if "text" in instruction:
        if words is None:
            return None
        instruction["text"] = pack(words)
    return pack_order({**order, "dosageInstruction": pack([instruction])})


def pack_order(order: Members) -> bytes:
    """The order without the narrative that spoke of the old one."""
    return msgspec.json.encode({name: member for name, member in order.items() if name != "text"})


def pack(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
