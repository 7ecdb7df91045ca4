"""Decides a recorded call again, from what its record holds and a release alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from cds_service.call import Asked, decide
from cds_service.governance.arms import differing
from cds_service.governance.releases import open_release
from cds_service.knowledge.release import Release
from cds_service.presenting.audience import Reader
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Outcome
from cds_service.record.scores import stored_score
from cds_service.record.stored import (
    ENCODER,
    StoredFinding,
    StoredRecord,
    stored_cards,
    stored_finding,
    stored_withheld,
)
from cds_service.risk.score import score
from cds_service.store.releases import Releases
from cds_service.terminology.products import Terminology

RELEASES_OPEN = 8
PARTS = {
    "scored": "what models said",
    "beside": "what rules of the other arm found",
    "beside_scored": "what models of the other arm said",
    "findings": "what the findings rest on",
    "cards": "the cards",
}
"""Parts of a record that are compared whole, in words."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Kept releases by digest, and the rules in which the first of two differs from the second; each opened once."""

    release: Callable[[str], Release]
    beside: Callable[[str, str], Release]


def open_archive(releases: Releases, terminology: Terminology) -> Archive:
    """The releases of a database."""
    release = lru_cache(RELEASES_OPEN)(lambda digest: open_release(releases, digest, terminology))
    return Archive(release, lru_cache(RELEASES_OPEN)(lambda one, other: differing(release(one), release(other))))


def replay(kept: StoredRecord, archive: Archive) -> StoredRecord:
    """The record that the same call gives now, under its own release, arm and memory: equal to the byte while the code
    is the same. Raises `NoSuchRelease` or `BadRelease`."""
    release = archive.release(kept.release_digest).for_tenant(kept.tenant)
    again = replay_under(kept, release)
    if not kept.beside_digest:
        return again
    beside = archive.beside(kept.beside_digest, kept.release_digest).for_tenant(kept.tenant)
    findings = evaluate(beside.index, kept.chart)
    return msgspec.structs.replace(
        again,
        beside=tuple(stored_finding(finding) for finding in findings),
        beside_scored=tuple(stored_score(scored) for scored in score(beside.models, kept.chart)),
    )


def replay_under(kept: StoredRecord, release: Release) -> StoredRecord:
    """The record that the same call would have given under `release`, the tenant's own."""
    decided = decide(evaluate(release.index, kept.chart), kept.chart, release, asked_in(kept))
    return msgspec.structs.replace(
        kept,
        release_digest=release.digest,
        findings=tuple(stored_finding(finding) for finding in decided.findings),
        withheld=tuple(stored_withheld(withheld) for withheld in decided.withheld),
        cards=stored_cards(decided.cards),
        scored=tuple(stored_score(scored, decided.quiet_models) for scored in decided.scored),
    )


def asked_in(kept: StoredRecord) -> Asked:
    """What a recorded call was asked with."""
    reader = Reader.of(kept.role, kept.department, kept.most_cards)
    return Asked(kept.decision_id, kept.hook, kept.session, reader, kept.memory)


def encode(record: StoredRecord) -> bytes:
    """The canonical bytes, as they were recorded."""
    return ENCODER.encode(record)


def say_differences(kept: StoredRecord, again: StoredRecord) -> Iterator[str]:
    """What the second record says otherwise than the first, in lines; nothing where both are equal to the byte."""
    yield from differing_findings(by_key(kept), by_key(again))
    was, now = ({each.finding: each.reason for each in record.withheld} for record in (kept, again))
    for key in sorted({*was, *now}):
        if was.get(key) != now.get(key):
            yield f"{key}: {say_withheld(was.get(key))} before, {say_withheld(now.get(key))} now"
    cards, later = ({card["uuid"]: card for card in map(read_card, record.cards)} for record in (kept, again))
    for uuid in dict.fromkeys((*cards, *later)):
        if uuid not in later:
            yield f"card no longer there: {cards[uuid]['summary']}"
        elif uuid not in cards:
            yield f"card new: {later[uuid]['summary']}"
        elif cards[uuid] != later[uuid]:
            members = sorted(name for name in {*cards[uuid], *later[uuid]} if differs(name, cards[uuid], later[uuid]))
            yield f"card otherwise in {', '.join(members)}: {later[uuid]['summary']}"
    for name, words in PARTS.items():
        if getattr(kept, name) != getattr(again, name):
            yield f"otherwise: {words}"


def differs(name: str, one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return one.get(name) != other.get(name)


def differing_findings(was: Mapping[str, StoredFinding], now: Mapping[str, StoredFinding]) -> Iterator[str]:
    for key in sorted({*was, *now}):
        one, other = say_outcome(was.get(key)), say_outcome(now.get(key))
        if one != other:
            yield f"{key}: {one} before, {other} now"


def by_key(record: StoredRecord) -> dict[str, StoredFinding]:
    """The findings by rule and drugs, as `Finding.key` has it."""
    return {key_of(finding): finding for finding in record.findings}


def key_of(finding: StoredFinding) -> str:
    return "|".join((finding.rule, *sorted(bound.drug for bound in finding.bindings.values())))


def say_outcome(finding: StoredFinding | None) -> str:
    if finding is None:
        return "not reached"
    return f"fires as {finding.indicator}" if finding.outcome == Outcome.FIRES else str(finding.outcome)


def say_withheld(reason: str | None) -> str:
    return "not withheld" if reason is None else f"withheld ({reason})"


def read_card(card: msgspec.Raw) -> dict[str, object]:
    read: dict[str, object] = msgspec.json.decode(card)
    return read
