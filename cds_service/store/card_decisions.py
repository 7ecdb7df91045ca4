"""Which decision showed a card: of cards that were given to a tenant, and of no other's."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import Connection, select, update

from cds_service.store.tables import CARDS, DECISIONS

AT_ONCE = 500
OURS = 5
"""The version of the uuids that this service gives to cards and suggestions."""


def find_decisions(connection: Connection, tenant: str, cards: Iterable[str]) -> dict[str, str]:
    """The decision of each card that this tenant was shown; cards of other tenants are not known to it."""
    found: dict[str, str] = {}
    ours = {card for card in cards if is_ours(card)}
    for some in parts(sorted(ours)):
        query = (
            select(CARDS.c.card, CARDS.c.decision_id)
            .join(DECISIONS, DECISIONS.c.decision_id == CARDS.c.decision_id)
            .where(CARDS.c.card.in_(some), DECISIONS.c.tenant == tenant)
        )
        found.update((row.card, row.decision_id) for row in connection.execute(query))
    return found


def parts(values: list[str]) -> Iterator[list[str]]:
    """A list in parts that one query may name."""
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


def is_ours(uuid: str) -> bool:
    """Whether a uuid may be one that this service gave; what is not may be anything, a patient's id too."""
    try:
        return str(UUID(uuid)) == uuid and UUID(uuid).version == OURS
    except ValueError:
        return False


def mark_answered(connection: Connection, decisions: list[str]) -> None:
    """Note that feedback came to these decisions: only among such is looked for what to remember."""
    for some in parts(decisions):
        answered = update(DECISIONS).where(DECISIONS.c.decision_id.in_(some), ~DECISIONS.c.answered)
        connection.execute(answered.values(answered=True))
