"""What is said of facts that nothing was read for: never asked for, not read, or read whole and not there.

Most of what a release asks for is not there, and that is the same for every patient: the words are made once.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from cds_service.chart.fact_type import FactType
from cds_service.chart.facts import Reason, Unknown
from cds_service.chart.systems import LOINC


class KeyFacts(msgspec.Struct, frozen=True):
    """Facts that come by one prefetch key, the codes they are asked for by, and what is said of each, by its name, when
    nothing of it is there for a reason."""

    key: str
    facts: tuple[FactType, ...]
    codes: frozenset[str]
    none: Mapping[Reason, Mapping[str, Unknown]]

    @classmethod
    def of(cls, key: str, facts: Iterable[FactType]) -> "KeyFacts":
        facts = tuple(facts)
        codes = frozenset(code for fact in facts for code in codes_of(fact))
        none = {reason: {fact.name: none_of(fact.label, reason) for fact in facts} for reason in Reason}
        return cls(key, facts, codes, none)

    def absent(self, asked: frozenset[str] | None, reason: Reason) -> Mapping[str, Unknown]:
        """`why_absent` for each of the facts, by its name."""
        if asked is None or self.codes <= asked:
            return self.none[reason]
        return {fact.name: why_absent(fact, asked, reason) for fact in self.facts}


def why_absent(fact: FactType, asked: frozenset[str] | None, reason: Reason) -> Unknown:
    """Why there is no reading of `fact`. `asked` are the codes that the client asked its server for, if it tells them;
    `reason` is how the answer was read."""
    if asked is not None and not all(code in asked or code.rpartition("|")[2] in asked for code in codes_of(fact)):
        return Unknown(Reason.NOT_REQUESTED, f"{fact.label} not requested")
    return none_of(fact.label, reason)


def codes_of(fact: FactType) -> tuple[str, ...]:
    """The `system|code` pairs under which results of a fact come."""
    return (*(f"{LOINC}|{code}" for code in fact.loinc), *fact.codes)


@lru_cache(maxsize=2048)
def none_of(label: str, reason: Reason) -> Unknown:
    """Nothing of what is called `label`."""
    return Unknown(reason, f"{label} {reason.value}")
