"""What is handed to the store for one decision, and what the store makes of it before it is written anywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import msgspec
from isal.isal_zlib import compress, decompress

from cds_service.store.ring import Ring
from cds_service.store.sealing import Seals, WrappedKey, seal


@dataclass(frozen=True, slots=True)
class Fired:
    """One finding that fired. `card` is the uuid of its card; `reason` says why it was withheld, empty when shown;
    `grade` is its place in the rule; `ingredients` are the RXCUIs that matched."""

    rule: str
    version: str
    severity: str
    indicator: str
    reason: str = ""
    grade: int | None = None
    card: str | None = None
    ingredients: tuple[str, ...] = ()


class CardRow(msgspec.Struct, frozen=True):
    """A row of `card`. Members are the columns of the table."""

    card: str
    decision_id: str
    topic: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision. `payload` is its whole record, `body_sha256` the digest of the call; `reached` lists rule ids by
    outcome (`silent`, `undetermined`, `error`), and under `missing` what kept rules undetermined, as
    `value inr: not sent`. `topics` are the uuids of the cards, each with what it is about. `orders` is how many drafts
    for a drug the call was about, None at hooks without orders."""

    decision_id: str
    tenant: str
    client: str
    service: str
    hook: str
    hook_instance: str
    body_sha256: str
    patient_id: str
    user_id: str | None
    role: str
    release_digest: str
    code_version: str
    payload: bytes = field(repr=False)
    arm: str = ""
    cards: int = 0
    fired: tuple[Fired, ...] = ()
    reached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)
    orders: int | None = None


class Row(msgspec.Struct, frozen=True):
    """A row of `decision` as far as it is known before it joins a chain. Members are the columns of the table."""

    decision_id: str
    at: float
    tenant: str
    client: str
    service: str
    hook: str
    role: str
    release_digest: str
    code_version: str
    arm: str
    patient_key: str
    user_key: str | None
    call_key: str
    index_key: str
    cards: int
    reached: bytes
    data_key: str
    ciphertext: bytes
    ciphertext_sha256: str
    orders: int | None = None


class FindingRow(msgspec.Struct, frozen=True):
    """A row of `finding`. Members are the columns of the table."""

    decision_id: str
    place: int
    rule: str
    version: str
    severity: str
    indicator: str
    grade: int | None
    outcome: str
    reason: str
    card: str | None
    subject_key: str


class Sealed(msgspec.Struct, frozen=True):
    """Everything that is written of one decision, nothing of the patient readable. Its bytes go to the spool."""

    row: Row
    findings: tuple[FindingRow, ...]
    key: WrappedKey
    cards: tuple[CardRow, ...] = ()


def pack_reached(reached: Mapping[str, tuple[str, ...]]) -> bytes:
    return compress(msgspec.json.encode(reached), 1)


def unpack_reached(packed: bytes) -> dict[str, tuple[str, ...]]:
    """The rules that were reached and did not fire, by outcome, and what was missing (see `Entry`)."""
    return msgspec.json.decode(decompress(packed), type=dict[str, tuple[str, ...]])


def patient_parts(tenant: str, patient_id: str) -> tuple[str, ...]:
    """What the keyed hash of a patient is of."""
    return ("patient", tenant, patient_id)


def user_parts(tenant: str, user_id: str) -> tuple[str, ...]:
    return ("user", tenant, user_id)


def subject_parts(tenant: str, rule: str, ingredients: tuple[str, ...]) -> tuple[str, ...]:
    """What the keyed hash of a problem is of: a rule and the drugs it is about."""
    return ("subject", tenant, rule, *sorted(set(ingredients)))


class Who(msgspec.Struct, frozen=True):
    """Whom a decision is about, the RXCUIs of each finding that fired, in order, and the uuids of its cards (None:
    not read)."""

    patient_id: str
    user_id: str | None
    ingredients: tuple[tuple[str, ...], ...]
    cards: tuple[str, ...] | None = None


class Hashes(msgspec.Struct, frozen=True):
    """The keyed hashes of `Who`."""

    patient_key: str
    user_key: str | None
    subject_keys: tuple[str, ...]


def hash_who(who: Who, tenant: str, rules: Sequence[str], ring: Ring) -> Hashes:
    """The hashes under the current index key; `rules` are those of the findings that fired."""
    subjects = zip(rules, who.ingredients, strict=True)
    return Hashes(
        patient_key=ring.keyed(*patient_parts(tenant, who.patient_id)),
        user_key=ring.keyed(*user_parts(tenant, who.user_id)) if who.user_id else None,
        subject_keys=tuple(ring.keyed(*subject_parts(tenant, rule, ingredients)) for rule, ingredients in subjects),
    )


def bind(row: Row, findings: tuple[FindingRow, ...]) -> bytes:
    """What a record's ciphertext is bound to: all that stands in clear beside it and that no rotation of keys changes.

    A row whose columns were changed does not open any more. Rows from before orders were counted are bound without.
    """
    columns = [
        *(row.decision_id, row.at, row.tenant, row.client, row.service, row.hook, row.role),
        *(row.release_digest, row.code_version, row.arm, row.cards, sha256(row.reached).hexdigest()),
        *(() if row.orders is None else (row.orders,)),
    ]
    told = [
        [
            *(each.place, each.rule, each.version, each.severity, each.indicator, each.grade),
            *(each.outcome, each.reason, each.card),
        ]
        for each in findings
    ]
    return msgspec.json.encode([columns, told])


def seal_entry(entry: Entry, at: float, ring: Ring, seals: Seals) -> Sealed:
    """The entry as it may be written to disk at `at`."""
    key = seals.key_of(at)
    who = Who(entry.patient_id, entry.user_id, tuple(fired.ingredients for fired in entry.fired))
    hashes = hash_who(who, entry.tenant, [fired.rule for fired in entry.fired], ring)
    findings = tuple(
        finding_row(entry.decision_id, place, fired, hashes.subject_keys[place])
        for place, fired in enumerate(entry.fired)
    )
    row = Row(
        decision_id=entry.decision_id,
        at=at,
        tenant=entry.tenant,
        client=entry.client,
        service=entry.service,
        hook=entry.hook,
        role=entry.role,
        release_digest=entry.release_digest,
        code_version=entry.code_version,
        arm=entry.arm,
        patient_key=hashes.patient_key,
        user_key=hashes.user_key,
        call_key=ring.keyed("call", entry.tenant, entry.service, entry.hook_instance, entry.body_sha256),
        index_key=ring.index[0].id,
        cards=entry.cards,
        reached=pack_reached(entry.reached),
        data_key=key.kept.data_key,
        ciphertext=b"",
        ciphertext_sha256="",
        orders=entry.orders,
    )
    ciphertext = seal(key, entry.payload, bind(row, findings))
    sealed = msgspec.structs.replace(row, ciphertext=ciphertext, ciphertext_sha256=sha256(ciphertext).hexdigest())
    cards = tuple(CardRow(card, entry.decision_id, topic) for card, topic in entry.topics.items())
    return Sealed(sealed, findings, key.kept, cards)


def finding_row(decision_id: str, place: int, fired: Fired, subject_key: str) -> FindingRow:
    return FindingRow(
        decision_id=decision_id,
        place=place,
        rule=fired.rule,
        version=fired.version,
        severity=fired.severity,
        indicator=fired.indicator,
        grade=fired.grade,
        outcome="withheld" if fired.reason else "shown",
        reason=fired.reason,
        card=fired.card,
        subject_key=subject_key,
    )
