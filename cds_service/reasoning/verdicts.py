"""What reading a condition gives: its truth, and everything a card may say about how it was reached."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from cds_service.chart.facts import Fact, Known
from cds_service.reasoning.findings import Bound, Missing
from cds_service.reasoning.logic import Truth, negate

Bindings = Mapping[str, Bound]


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The truth of a condition on one chart.

    `used` are the facts that decided it, by the name the rule gives them; `missing` is what kept it unknown and is
    empty otherwise; `assumed` are lines settled by the author's `if_missing`, in words.
    """

    truth: Truth
    used: Mapping[str, Fact[Any]] = {}
    missing: tuple[Missing, ...] = ()
    assumed: tuple[str, ...] = ()


# Verdicts that say nothing of how they were reached.
PLAIN: Mapping[Truth, Verdict] = {truth: Verdict(truth) for truth in Truth}
TRUE = PLAIN[Truth.TRUE]


def oppose(verdict: Verdict) -> Verdict:
    """The verdict on `not` of a condition: the same facts, the other answer."""
    return Verdict(negate(verdict.truth), verdict.used, verdict.missing, verdict.assumed)


def merge(truth: Truth, verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict of the given truth that remembers what each of `verdicts` read, missed and assumed."""
    telling = [verdict for verdict in verdicts if verdict.used or verdict.missing or verdict.assumed]
    if not telling:
        return PLAIN[truth]
    if len(telling) == 1:
        only = telling[0]
        return Verdict(truth, only.used, only.missing, only.assumed)
    used: dict[str, Fact[Any]] = {}
    missing: dict[Missing, None] = {}
    assumed: dict[str, None] = {}
    for verdict in telling:
        for name, fact in verdict.used.items():
            used[name] = join(used[name], fact) if name in used else fact
        missing.update(dict.fromkeys(verdict.missing))
        assumed.update(dict.fromkeys(verdict.assumed))
    return Verdict(truth, used, tuple(missing), tuple(assumed))


def join(first: Fact[Any], second: Fact[Any]) -> Fact[Any]:
    """Two readings under one name. Two lines may find different items of one list: both are named."""
    if isinstance(first, Known) and isinstance(second, Known) and isinstance(first.value, tuple):
        return Known(
            tuple(dict.fromkeys(first.value + second.value)),
            sources=tuple(dict.fromkeys(first.sources + second.sources)),
        )
    return first
