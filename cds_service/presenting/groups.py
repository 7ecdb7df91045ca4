"""What `choose` hands to `compose`: groups of findings that become one card each, and what is held back."""

import msgspec

from cds_service.knowledge.release import ProblemKind
from cds_service.reasoning.findings import Finding, Missing


class Group(msgspec.Struct, frozen=True):
    """Findings of one clinical problem, leading finding first.

    `key` is stable: the problem's id and the references of the drugs that its card is about.
    """

    key: str
    problem: ProblemKind
    findings: tuple[Finding, ...]


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
    """A finding that was not shown, and why ("rule is silent", "over the cap")."""

    finding: Finding
    reason: str
