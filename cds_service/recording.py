"""From a decision to what the store keeps of it: the whole record to be encrypted, and what may stand beside it."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from cds_service.hooks.response import Card
from cds_service.reasoning.findings import Finding, Missing, Outcome
from cds_service.record.canonical import canonical_bytes
from cds_service.record.decision import DecisionRecord
from cds_service.record.reading import UnreadableRecord
from cds_service.store.entries import Entry, Fired, Who

EXTENSION = "org.cds-service"
USER = re.compile(r"(?:.*/)?(Practitioner|PractitionerRole|Patient|RelatedPerson)/[^/]+", re.DOTALL)
MORE = "more"
"""The topic of the card that counts what a limit held back."""
OTHER_ARM = "other arm"
"""Why a finding of the release that did not answer was not shown."""
COMMON_ROLES = frozenset({"dentist", "doctor", "midwife", "nurse", "pharmacist", "physician", "resident"})
"""Roles that stand in clear although nothing here names them; any other word of a client might be a person's name."""
NO_ROLES: frozenset[str] = frozenset()
FIRES, UNDETERMINED = Outcome.FIRES, Outcome.UNDETERMINED  # in Python 3.11 naming a member of an enum is a call
Subjects = tuple[str, tuple[str, ...]]


def entry_of(record: DecisionRecord, roles: frozenset[str] = NO_ROLES) -> Entry:
    """What is kept of a decision. In clear stand ids of rules, counts and words of closed lists, nothing a client
    wrote freely: of the user's role that it is one of `roles`, which this site names, or a common one."""
    reasons = {withheld.finding.key: withheld.reason for withheld in record.withheld}
    cards = cards_by_subjects(record)
    fired = [finding for finding in record.findings if finding.outcome is FIRES]
    beside = [finding for finding in record.beside if finding.outcome is FIRES]
    return Entry(
        decision_id=record.decision_id,
        tenant=record.tenant,
        client=record.client,
        service=record.service,
        hook=record.hook,
        hook_instance=record.hook_instance,
        body_sha256=record.body_sha256,
        patient_id=record.session.patient_id,
        user_id=record.user_id,
        role=name_role(record.role, record.user_id, roles),
        release_digest=record.release_digest,
        code_version=record.code_version,
        payload=canonical_bytes(record),
        arm=record.arm,
        cards=len(record.cards),
        fired=(
            *(fired_of(finding, reasons.get(finding.key, ""), cards) for finding in fired),
            *(fired_of(finding, OTHER_ARM, NO_CARDS) for finding in beside),
        ),
        reached=reached_of(record.findings),
        topics={card.uuid: topic_of(card) for card in record.cards},
        orders=record.orders,
    )


NO_CARDS: Mapping[Subjects, str] = {}


def fired_of(finding: Finding, reason: str, cards: Mapping[Subjects, str]) -> Fired:
    rule = finding.rule
    return Fired(
        rule=rule.id,
        version=rule.version,
        severity=rule.severity,
        indicator=finding.indicator,
        reason=reason,
        grade=None if finding.grade is None else rule.grades.index(finding.grade),
        card=cards.get((rule.id, subjects_of(finding))),
        ingredients=tuple(sorted({bound.ingredient for bound in finding.bindings.values()})),
    )


def subjects_of(finding: Finding) -> tuple[str, ...]:
    return tuple(sorted({bound.drug.reference for bound in finding.bindings.values()}))


def topic_of(card: Card) -> str:
    """The rule that leads a card, or its model; what a card without findings says of itself. A card's own topic may be
    written for a client that takes letters and digits only."""
    return name_topic(card.source.topic.code if card.source.topic else "", card.extension or {})


def name_topic(code: str, extension: Mapping[str, Any]) -> str:
    findings = extension.get(EXTENSION, {}).get("findings", ())
    return code if code == MORE or not findings else str(findings[0]["rule"])


def cards_by_subjects(record: DecisionRecord) -> dict[Subjects, str]:
    """The uuid of the card that stands for a rule and its drugs, as the card itself says (CH-123)."""
    return {
        (named["rule"], tuple(named.get("subjects", ()))): card.uuid
        for card in reversed(record.cards)  # a finding named twice belongs to the more urgent card
        for named in ((card.extension or {}).get(EXTENSION, {})).get("findings", ())
    }


def name_role(role: str | None, user_id: str | None, roles: frozenset[str] = NO_ROLES) -> str:
    """The user's role where it is one of `roles` or a common one, `other` for any other; without one the type of the
    user."""
    if role is not None:
        word = role.strip().casefold()
        return word if word in roles or word in COMMON_ROLES else "other"
    match = USER.fullmatch(user_id or "")
    return match[1] if match else ""


def reached_of(findings: tuple[Finding, ...]) -> dict[str, tuple[str, ...]]:
    """The rules that did not fire, by outcome, and what kept some undetermined, each once."""
    reached: dict[str, set[str]] = {"silent": set(), "undetermined": set(), "error": set(), "missing": set()}
    for finding in findings:
        if finding.outcome is FIRES:
            continue
        reached[finding.outcome].add(finding.rule.id)
        if finding.outcome is UNDETERMINED:
            reached["missing"].update([name_missing(missing) for missing in finding.missing])
    return {outcome: tuple(sorted(named)) for outcome, named in reached.items()}


def name_missing(missing: Missing) -> str:
    """What was missing and why; of a drug that was not recognised only that, for its text is the client's."""
    subject = "" if missing.kind == "drug" else f" {missing.subject}"
    return f"{missing.kind}{subject}: {missing.reason}"


class KeptBinding(msgspec.Struct, frozen=True):
    ingredient: str


class KeptFinding(msgspec.Struct, frozen=True):
    outcome: str
    bindings: dict[str, KeptBinding] = {}


class KeptSession(msgspec.Struct, frozen=True):
    patient_id: str


class KeptTopic(msgspec.Struct, frozen=True):
    code: str = ""


class KeptSource(msgspec.Struct, frozen=True):
    topic: KeptTopic = KeptTopic()


class KeptCard(msgspec.Struct, frozen=True):
    uuid: str
    source: KeptSource = KeptSource()
    extension: dict[str, Any] = {}


class KeptCards(msgspec.Struct, frozen=True):
    cards: tuple[KeptCard, ...]


class KeptWho(msgspec.Struct, frozen=True):
    """The members of a kept record that say whom it is about; the others are skipped unread."""

    session: KeptSession
    user_id: str | None
    findings: tuple[KeptFinding, ...]
    beside: tuple[KeptFinding, ...] = ()
    cards: tuple[KeptCard, ...] = ()


WHO = msgspec.json.Decoder(KeptWho)
CARDS = msgspec.json.Decoder(KeptCards)


def who_of(payload: bytes) -> Who:
    """Whom a record is about, for hashing that anew, and which cards it has. Raises `UnreadableRecord`."""
    try:
        kept = WHO.decode(payload)
    except msgspec.DecodeError as error:
        raise UnreadableRecord(f"record: {error}") from None
    fired = [finding for finding in (*kept.findings, *kept.beside) if finding.outcome == FIRES]
    ingredients = tuple(tuple(each.ingredient for each in finding.bindings.values()) for finding in fired)
    return Who(kept.session.patient_id, kept.user_id, ingredients, tuple(card.uuid for card in kept.cards))


def topics_of(payload: bytes) -> dict[str, str]:
    """What the cards of a record are about, by uuid, as `topic_of` said when they were made. Raises
    `UnreadableRecord`."""
    try:
        cards = CARDS.decode(payload).cards
    except msgspec.DecodeError as error:
        raise UnreadableRecord(f"record: {error}") from None
    return {card.uuid: name_topic(card.source.topic.code, card.extension) for card in cards}
