"""What `choose` hands to `compose`: groups of findings that become one card each, and what is held back."""

import msgspec

from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.release import ProblemKind
from cds_service.knowledge.rules import Indicator
from cds_service.reasoning.findings import Finding, Missing
from cds_service.risk.prediction import Prediction, Refusal


class Risk(msgspec.Struct, frozen=True):
    """What one model says of a patient: every outcome, or why it says none; `off` is why it was switched off."""

    bundle: Bundle
    said: tuple[Prediction, ...] = ()
    refusal: Refusal | None = None
    off: str = ""

    @property
    def leading(self) -> Prediction:
        """The outcome whose band is most urgent; among equals the first that has bands. Only where one is said."""
        return min(self.said, key=lambda each: (urgency(each), each.band is None))

    @property
    def indicator(self) -> Indicator:
        """That of the leading outcome's band; info where there is nothing to say."""
        band = self.leading.band
        return band.indicator if band and band.indicator else Indicator.INFO


def urgency(prediction: Prediction) -> int:
    indicators = list(Indicator)
    band = prediction.band
    return indicators.index(band.indicator) if band and band.indicator else len(indicators)


class Group(msgspec.Struct, frozen=True):
    """Findings of one clinical problem, leading finding first.

    `key` is stable: the problem's id and the references of the drugs that its card is about. `also` are quieter
    findings about the same order that its card mentions. The group of a medication review has the groups it is made of
    as `parts`, and all their findings. `risks` are scores about the same problem, `notes` say why a rule speaks in the
    place of a model.
    """

    key: str
    problem: ProblemKind
    findings: tuple[Finding, ...]
    also: tuple[Finding, ...] = ()
    parts: tuple["Group", ...] = ()
    risks: tuple[Risk, ...] = ()
    notes: tuple[str, ...] = ()

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
    """Everything that becomes a card, in order: groups, predictions, how many more there are, what was not checked."""

    groups: tuple[Group, ...] = ()
    more: tuple[Group, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    risks: tuple[Risk, ...] = ()


class Withheld(msgspec.Struct, frozen=True):
    """A finding that was not shown, and why ("rule is silent", "unchanged renewal", "over the cap")."""

    finding: Finding
    reason: str
