"""What `choose` hands to `compose`: groups of findings that become one card each, and what is held back."""

import msgspec

from cds_service.knowledge.release import ProblemKind
from cds_service.reasoning.findings import Finding, Missing


class Group(msgspec.Struct, frozen=True):
    """Findings of one clinical problem, leading finding first.

    `key` is stable: the problem's id and the references of the drugs that its card is about. `also` are quieter
    findings about the same order that its card mentions. The group of a medication review has the groups it is made of
    as `parts`, and all their findings.
    """

    key: str
    problem: ProblemKind
    findings: tuple[Finding, ...]
    also: tuple[Finding, ...] = ()
    parts: tuple["Group", ...] = ()

    @property
    def told(self) -> tuple[Finding, ...]:
        """Every finding that the card names."""
        return (*self.findings, *self.also)


class Unchecked(msgspec.Struct, frozen=True):
    """One line of the not-checked card: a cause ("the allergy list was not sent"), never a rule.

    `missing.kind` may also be "rule": the rule titled `missing.subject` could not be run. `drug` is the name of the
    drug whose own value is missing, empty for the patient's.
    """

    missing: Missing
    titles: tuple[str, ...] = ()  # problems that could not be settled because of it
    drug: str = ""


class Shown(msgspec.Struct, frozen=True):
    """Everything that becomes a card, in order: groups, then how many more were capped, then what was not checked."""

    groups: tuple[Group, ...] = ()
    more: tuple[Group, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()


class Withheld(msgspec.Struct, frozen=True):
    """A finding that was not shown, and why ("rule is silent", "unchanged renewal", "over the cap")."""

    finding: Finding
    reason: str
