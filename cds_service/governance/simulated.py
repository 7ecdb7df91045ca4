"""What a simulation found, in lines for a terminal: numbers first, so that no name has to be folded."""

from collections.abc import Iterator, Sequence

from cds_service.governance.simulation import SAMPLES, Change, RiskChange, Simulation, Tally, join_words
from cds_service.knowledge.rules import Severity

HEAD = "  added  removed  changed"
INDENT = " " * 27
"""As wide as the numbers before a name."""


def say_simulation(found: Simulation) -> Iterator[str]:
    """The figures by severity and by rule, what became of the alerts, then a few cases to look at."""
    yield f"{plural(found.decisions, 'decision')} showed {plural(found.alerts, 'alert')}."
    yield from say_unreadable(found.unreadable)
    if not found.rules and not found.models:
        yield "No alert and no risk card would have been added, removed or changed."
        return
    yield f"{plural(found.touched, 'decision')} would have come out otherwise."
    yield from say_rules(found)
    yield from say_models(found)
    yield from ("", "Some cases; `cds replay ID` with the same change shows each whole:")
    for change in found.samples:
        yield from say_case(change)
    for risk in found.risk_samples:
        yield from say_risk_case(risk)


def say_rules(found: Simulation) -> Iterator[str]:
    """The figures by severity, then by rule, those that change most first."""
    if not found.rules:
        return
    yield from ("", HEAD)
    for severity in Severity:
        if severity in found.severities:
            yield say_counts(found.severities[severity], f"all {severity}")
    for rule, tally in sorted(found.rules.items(), key=lambda entry: (-size(entry[1]), entry[0])):
        yield from ("", say_counts(tally, f"{rule} ({tally.severity})"))
        yield from (f"{INDENT}{line}" for line in say_outcomes(tally))


def say_models(found: Simulation) -> Iterator[str]:
    """The cards of risk models, by model and indicator."""
    if not found.models:
        return
    yield from ("", f"{HEAD}  cards of risk models")
    for model, tallies in sorted(found.models.items()):
        for urgency, tally in sorted(tallies.items()):
            yield say_counts(tally, f"{model} ({urgency})")
            yield from (f"{INDENT}{line}" for line in say_outcomes(tally))


def say_unreadable(ids: Sequence[str]) -> Iterator[str]:
    if ids:
        yield f"{plural(len(ids), 'decision')} could not be read and count nowhere; `cds audit verify` says why:"
        yield from (f"  {each}" for each in ids[:SAMPLES])
        if len(ids) > SAMPLES:
            yield f"  and {len(ids) - SAMPLES} more"


def plural(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def size(tally: Tally) -> int:
    return tally.added + tally.removed + tally.changed


def say_counts(tally: Tally, name: str) -> str:
    return f"{tally.added:>7}  {tally.removed:>7}  {tally.changed:>7}  {name}"


def say_outcomes(tally: Tally) -> Iterator[str]:
    """What clinicians had done about the alerts, where they had."""
    if tally.removed_accepted:
        yield f"{tally.removed_accepted} of the removed had been accepted"
    if tally.removed_overridden:
        yield f"{tally.removed_overridden} of the removed had been overridden"
    if tally.added_repeats:
        yield f"{tally.added_repeats} of the added would repeat an override"


def say_case(change: Change) -> Iterator[str]:
    severity = f", {change.had} to {change.severity}" if change.had else ""
    yield f"  {change.decision_id}"
    yield f"    {change.kind}: {change.rule} ({join_words(change.was, change.now)}{severity}){say_became(change)}"
    yield f"    {' with '.join(change.drugs) or 'the patient'}"


def say_risk_case(change: RiskChange) -> Iterator[str]:
    band = join_words(change.was_band, change.now_band)
    yield f"  {change.decision_id}"
    yield f"    {change.kind}: {change.model} ({change.urgency}, band {band}){say_became(change)}"
    yield f"    {change.said}"


def say_became(change: Change | RiskChange) -> str:
    return f", was {change.became}" if change.became else ", repeats an override" if change.repeats else ""
