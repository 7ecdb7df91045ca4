"""Every suggestion is tried before it is offered: the rules run again on the chart as it would be (DESIGN 6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.knowledge.release import Release, RuleIndex
from cds_service.knowledge.rules import Indicator, Status
from cds_service.knowledge.suggestions import Verb
from cds_service.presenting.propose import Candidate
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding, Outcome

URGENCY = {Indicator.INFO: 0, Indicator.WARNING: 1, Indicator.CRITICAL: 2}
SIGNING = "order-sign"
REMOVES = frozenset({Verb.STOP, Verb.REPLACE})  # the drug itself, and with it nearly always the finding


@dataclass(frozen=True, slots=True)
class Findings:
    """What the active rules say of one chart, by the findings' keys; other rules are not heard (DESIGN 6).

    `reached` are the ids of all rules that the chart reaches, silent ones and those not heard included.
    """

    firing: Mapping[str, Finding]
    undetermined: Mapping[str, Finding]
    failed: frozenset[str]
    reached: frozenset[str]

    @classmethod
    def of(cls, findings: tuple[Finding, ...]) -> "Findings":
        heard = [finding for finding in findings if finding.rule.status is Status.ACTIVE]
        return cls(
            {finding.key: finding for finding in heard if finding.outcome is Outcome.FIRES},
            {finding.key: finding for finding in heard if finding.outcome is Outcome.UNDETERMINED},
            frozenset([finding.rule.id for finding in heard if finding.outcome is Outcome.ERROR]),
            frozenset([finding.rule.id for finding in findings]),
        )

    def again(self, chart: Chart, index: RuleIndex, changed: frozenset[str]) -> "Findings":
        """The findings on another chart, on which only the drugs with the `changed` ingredients are others.

        What rules say that look at none of these drugs is taken over.
        """
        reads = index.reads
        same = frozenset([id for id in self.reached if id in reads and reads[id].isdisjoint(changed)])
        new = Findings.of(evaluate(index, chart, lambda rule: rule.id not in same))
        return Findings(
            {**keep(self.firing, same), **new.firing},
            {**keep(self.undetermined, same), **new.undetermined},
            self.failed & same | new.failed,
            same | new.reached,
        )


def keep(findings: Mapping[str, Finding], rules: frozenset[str]) -> dict[str, Finding]:
    """The findings of these rules."""
    return {key: finding for key, finding in findings.items() if finding.rule.id in rules}


@dataclass(frozen=True, slots=True)
class Verified:
    """A candidate that does more good than harm.

    `solved` are the keys of the card's findings that go away or become less urgent; `cleared` those that go away.
    `brings` are new findings of indicator info, `leaves_open` rules that can no longer be, or not yet, decided.
    """

    candidate: Candidate
    solved: frozenset[str]
    cleared: frozenset[str]
    brings: tuple[Finding, ...] = ()
    leaves_open: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Verifier:
    """The findings before any suggestion, at the call's hook and when the orders are signed.

    `tried` are the charts tried so far by identity and hook, each with the findings on it.
    """

    release: Release
    chart: Chart
    now: Findings
    when_signed: Findings
    tried: dict[tuple[int, str], tuple[Chart, Findings]] = field(default_factory=dict)

    def verify(self, candidate: Candidate, card: Iterable[Finding]) -> Verified | None:
        """Whether a candidate may be offered on a card with these findings; None if not.

        Its own finding must go away or become less urgent, unless it orders something besides the drugs. No finding
        of the card may become more urgent, and nothing new may appear that is a warning or as urgent as its own.
        """
        if not candidate.solves:
            return Verified(candidate, frozenset(), frozenset())
        if candidate.suggestion.verb not in REMOVES and not self.solves_its_own(candidate):
            return None
        after = self.after(self.now, candidate.chart, candidate.chart.hook)
        solved = frozenset(finding.key for finding in card if is_solved(finding, after))
        if candidate.finding.key not in solved:
            return None
        signed = self.after(self.when_signed, candidate.chart, SIGNING)
        appearing = {**newly(self.now, after), **newly(self.when_signed, signed)}
        limit = min(URGENCY[candidate.finding.indicator], URGENCY[Indicator.WARNING])
        harm = any(URGENCY[finding.indicator] >= limit for finding in appearing.values())
        if harm or after.failed - self.now.failed or signed.failed - self.when_signed.failed:
            return None
        open_now = {**after.undetermined, **signed.undetermined}
        open_before = {*self.now.undetermined, *self.when_signed.undetermined}
        return Verified(
            candidate,
            solved,
            frozenset(key for key in solved if key not in after.firing),
            tuple(appearing.values()),
            tuple(finding for key, finding in open_now.items() if key not in open_before),
        )

    def solves_its_own(self, candidate: Candidate) -> bool:
        """Whether its own finding is solved; where the drug stays, most of what is not offered fails here."""
        own = candidate.finding.rule.id
        after = Findings.of(evaluate(self.release.index, candidate.chart, lambda rule: rule.id == own))
        return is_solved(candidate.finding, after)

    def after(self, before: Findings, chart: Chart, hook: str) -> Findings:
        """The findings on a changed chart at a hook; each chart is tried once."""
        place = id(chart), hook
        if place not in self.tried:
            there = chart if chart.hook == hook else replace(chart, hook=hook)
            findings = before.again(there, self.release.index, changed_ingredients(self.chart, chart))
            self.tried[place] = chart, findings
        return self.tried[place][1]


def changed_ingredients(before: Chart, after: Chart) -> frozenset[str]:
    """The ingredients of every drug that is on one of two charts only, or not the same on both."""
    old, new = ({drug.reference: drug for drug in chart.drugs} for chart in (before, after))
    other = [drug for reference, drug in old.items() if new.get(reference) is not drug]
    other += [drug for reference, drug in new.items() if old.get(reference) is not drug]
    return frozenset(ingredient for drug in other for ingredient in drug.ingredient_rxcuis)


def find_when_signed(findings: tuple[Finding, ...], chart: Chart, index: RuleIndex) -> tuple[Finding, ...]:
    """What the rules say of the chart when all its drafts are signed; `findings` is what they say now.

    Where the same drugs are in focus, a rule that runs at both hooks says the same at both.
    """
    signed = replace(chart, hook=SIGNING)
    if signed.focus != chart.focus:
        return evaluate(index, signed)
    same = [finding for finding in findings if SIGNING in finding.rule.hooks]
    return (*same, *evaluate(index, signed, lambda rule: chart.hook not in rule.hooks))


def is_solved(finding: Finding, after: Findings) -> bool:
    """Gone for certain, or still there and less urgent. What can no longer be decided is not solved."""
    key = finding.key
    if key in after.undetermined or finding.rule.id in after.failed:
        return False
    still = after.firing.get(key)
    return still is None or URGENCY[still.indicator] < URGENCY[finding.indicator]


def newly(before: Findings, after: Findings) -> dict[str, Finding]:
    """Findings that were not there before, or were less urgent."""
    return {key: finding for key, finding in after.firing.items() if is_worse(finding, before.firing.get(key))}


def is_worse(finding: Finding, before: Finding | None) -> bool:
    return before is None or URGENCY[finding.indicator] > URGENCY[before.indicator]
