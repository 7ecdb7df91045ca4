"""What the Why panel shows of one rule or one model, and of those that came out alike."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule on one set of drugs, or one prediction. `reads` is the whole rule in sentences, empty without one."""

    rule: str
    title: str
    drugs: str
    indicator: str
    sentences: tuple[str, ...]
    reads: str


@dataclass(frozen=True, slots=True)
class OutcomeGroup:
    id: str
    title: str
    meaning: str
    outcomes: tuple[Outcome, ...]
