"""For whom the actions of a card are, and what the client can do with them."""

from dataclasses import dataclass
from enum import StrEnum


class Dialect(StrEnum):
    """How a client takes suggestions: `epic` takes one action per suggestion and lets people pick any of them."""

    STANDARD = "standard"
    EPIC = "epic"


@dataclass(frozen=True, slots=True)
class Session:
    """The ordering session that suggested orders join."""

    patient_id: str
    encounter_id: str | None = None
    dialect: Dialect = Dialect.STANDARD
