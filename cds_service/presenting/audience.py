"""For whom a card is: by role, by department, by kind of encounter."""

from dataclasses import dataclass

from cds_service.knowledge.rules import Listeners, Rule, Severity


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the cards of a call, as far as the client says; empty: not known. In small letters.

    `most_cards` is how many cards this client shows at this hook, None where the policy says it.
    """

    role: str = ""
    department: str = ""
    most_cards: int | None = None

    @classmethod
    def of(cls, role: str | None, department: str | None, most_cards: int | None = None) -> "Reader":
        return cls((role or "").strip().casefold(), (department or "").strip().casefold(), most_cards)


ANYBODY = Reader()


def is_meant_for(rule: Rule, reader: Reader, encounter_class: str) -> bool:
    """Whether a rule's card is for this reader.

    What is not known about them keeps nothing from them, and a contraindication is for everybody (DESIGN 4).
    """
    if rule.audience is None or rule.severity is Severity.CONTRAINDICATED:
        return True
    only = pair_up(rule.audience.only, reader, encounter_class)
    besides = pair_up(rule.audience.besides, reader, encounter_class)
    return all(known in named for known, named in only if known and named) and not any(
        known in named for known, named in besides
    )


def withhold(rule: Rule, reader: Reader, encounter_class: str) -> str:
    """Why the rule's card is kept from this reader; empty if it is not."""
    return "" if is_meant_for(rule, reader, encounter_class) else "not for this audience"


def pair_up(listeners: Listeners, reader: Reader, encounter_class: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """What is known of the reader beside what a rule names, kind by kind."""
    return (
        (reader.role, listeners.roles),
        (reader.department, listeners.departments),
        (encounter_class, listeners.encounter_classes),
    )
