"""What evaluating a rule on a chart gives."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Fact, Reason
from cds_service.knowledge.rules import Grade, Indicator, Rule


class Outcome(StrEnum):
    FIRES = "fires"
    SILENT = "silent"
    UNDETERMINED = "undetermined"
    ERROR = "error"  # the rule crashed; the others still ran


class Bound(msgspec.Struct, frozen=True, gc=False):
    """A drug standing on one side of a rule, with the ingredient of it that matched."""

    drug: Drug
    ingredient: str


class Missing(msgspec.Struct, frozen=True, gc=False):
    """Something that kept a rule undetermined, a grade unproven or an `unless` unsettled.

    `subject` is a fact name ("inr", "a.daily_dose"), a list name ("allergies") or the text of an unrecognised item;
    `kind` is "value", "list" or "drug".
    """

    kind: str
    subject: str
    reason: Reason
    detail: str = ""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One rule on one binding of drugs.

    `bindings` has "this", or "a" and "b", or nothing for patient rules. `indicator` is what the card shows: the
    grade's or the default, after any lowering for an unchanged renewal (`lowered`). `used` are the facts that the
    deciding lines read, by the name the rule gives them. `assumed` are lines settled by the author's `if_missing`, in
    words. `skipped_grades` are grades that might hold but could not be proven, with what was missing in `missing`.
    """

    rule: Rule
    outcome: Outcome
    bindings: Mapping[str, Bound] = {}
    indicator: Indicator = Indicator.INFO
    grade: Grade | None = None
    used: Mapping[str, Fact[Any]] = {}
    missing: tuple[Missing, ...] = ()
    assumed: tuple[str, ...] = ()
    skipped_grades: tuple[Grade, ...] = ()
    lowered: bool = False
    error: str = ""

    @property
    def key(self) -> str:
        """Stable identity inside one decision: rule id and the drugs it is about, in reference order."""
        drugs = sorted([bound.drug.reference for bound in self.bindings.values()])
        return "|".join((self.rule.id, *drugs))
