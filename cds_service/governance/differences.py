"""What comes out otherwise when a recorded call is decided again, in lines a person reads."""

from collections.abc import Iterator, Mapping

import msgspec

from cds_service.reasoning.findings import Outcome
from cds_service.record.reading import chart_of
from cds_service.record.stored import ENCODER, StoredFinding, StoredRecord

NOT_REACHED = "not reached"
PARTS = {
    "scored": "what models said",
    "beside": "what rules of the other arm found",
    "silent_beside": "which rules of the other arm had nothing to say",
    "beside_scored": "what models of the other arm said",
}
"""Parts of a record that are compared whole, in words."""

Json = Mapping[str, object]


def say_differences(kept: StoredRecord, again: StoredRecord) -> Iterator[str]:
    """What the second record says otherwise than the first; nothing where both are equal to the byte."""
    findings = list(differing_findings(kept, again))
    yield from findings
    if not findings and differ("findings", kept, again):
        yield "otherwise: what the findings rest on"
    cards = list(differing_cards(*(by_uuid(record) for record in (kept, again))))
    yield from cards
    if not cards and differ("cards", kept, again):
        yield "otherwise: the order of the cards"
    yield from (f"otherwise: {words}" for part, words in PARTS.items() if differ(part, kept, again))


def differ(part: str, kept: StoredRecord, again: StoredRecord) -> bool:
    """Whether a part is other bytes. Values are not compared: what was read back is of other types in places."""
    one, other = (ENCODER.encode(getattr(record, part)) for record in (kept, again))
    return one != other


def differing_findings(kept: StoredRecord, again: StoredRecord) -> Iterator[str]:
    """The rules with their drugs whose alert comes or goes, or is of another urgency."""
    was, now = say_findings(kept), say_findings(again)
    names = {drug.reference: drug.name for drug in chart_of(kept).drugs}
    for key in sorted({*was, *now}):
        one, other = was.get(key, NOT_REACHED), now.get(key, NOT_REACHED)
        if one != other:
            rule, *drugs = key.split("|")
            about = " with ".join(names.get(drug, drug) for drug in drugs) or "the patient"
            yield f"{rule}, {about}: was {one}; now {other}"


def say_findings(record: StoredRecord) -> dict[str, str]:
    """What became of each finding, by rule and drugs, as `Finding.key` has it."""
    withheld = {each.finding: each.reason for each in record.withheld}
    silent = {f"{rule}|{drugs}" if drugs else rule for drugs, rules in record.silent.items() for rule in rules}
    told = {key: say_finding(each, withheld.get(key)) for each in record.findings for key in (key_of(each),)}
    return {**dict.fromkeys(silent, Outcome.SILENT.value), **told}


def key_of(finding: StoredFinding) -> str:
    return "|".join((finding.rule, *sorted(bound.drug for bound in finding.bindings.values())))


def say_finding(finding: StoredFinding, reason: str | None) -> str:
    if finding.outcome != Outcome.FIRES:
        return finding.outcome
    return f"{finding.indicator}, {'shown' if reason is None else f'withheld ({reason})'}"


def by_uuid(record: StoredRecord) -> dict[str, Json]:
    cards = [msgspec.json.decode(card) for card in record.cards]
    return {card["uuid"]: card for card in cards}


def differing_cards(was: Mapping[str, Json], now: Mapping[str, Json]) -> Iterator[str]:
    """Cards that come, go, or have other members."""
    for uuid in dict.fromkeys((*was, *now)):
        if uuid not in now:
            yield f"card no longer there: {was[uuid]['summary']}"
        elif uuid not in was:
            yield f"card new: {now[uuid]['summary']}"
        elif was[uuid] != now[uuid]:
            one, other = was[uuid], now[uuid]
            members = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
            yield f"card otherwise in {', '.join(members)}: {other['summary']}"
