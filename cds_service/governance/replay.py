"""Decides a recorded call again, from what its record holds and a release alone."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from cds_service import __version__
from cds_service.call import Asked, decide
from cds_service.governance.arms import differing
from cds_service.governance.releases import open_release
from cds_service.knowledge.release import Release
from cds_service.presenting.audience import Reader
from cds_service.reasoning.evaluate import evaluate
from cds_service.record.reading import chart_of
from cds_service.record.scores import stored_score
from cds_service.record.stored import (
    CODEC,
    ENCODER,
    StoredRecord,
    silent_rules,
    stored_cards,
    stored_findings,
    stored_withheld,
)
from cds_service.risk.score import score
from cds_service.store.releases import Releases
from cds_service.terminology.products import Terminology

RELEASES_OPEN = 8


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
    chart = chart_of(kept)
    findings = evaluate(beside.index, chart)
    return msgspec.structs.replace(
        again,
        beside=stored_findings(findings),
        silent_beside=silent_rules(findings),
        beside_scored=tuple(stored_score(scored) for scored in score(beside.models, chart)),
    )


def replay_under(kept: StoredRecord, release: Release) -> StoredRecord:
    """The record that the same call would have given under `release`, the tenant's own."""
    chart = chart_of(kept)
    decided = decide(evaluate(release.index, chart), chart, release, asked_in(kept))
    return msgspec.structs.replace(
        kept,
        release_digest=release.digest,
        findings=stored_findings(decided.findings),
        silent=silent_rules(decided.findings),
        withheld=tuple(stored_withheld(withheld) for withheld in decided.withheld),
        cards=stored_cards(decided.cards),
        scored=tuple(stored_score(scored, decided.quiet_models) for scored in decided.scored),
    )


def must_be_equal(kept: StoredRecord) -> bool:
    """Whether equal bytes are promised: this code decided, and keeps records in the form that this one has."""
    return (kept.code_version, kept.codec) == (__version__, CODEC)


def asked_in(kept: StoredRecord) -> Asked:
    """What a recorded call was asked with."""
    reader = Reader.of(kept.role, kept.department, kept.most_cards)
    return Asked(kept.decision_id, kept.hook, kept.session, reader, kept.memory)


def encode(record: StoredRecord) -> bytes:
    """The canonical bytes, as they were recorded."""
    return ENCODER.encode(record)
