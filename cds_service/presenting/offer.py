"""What a card offers: its findings' suggestions that held when they were tried, best first, at most three."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID, uuid5

import msgspec

from cds_service.chart.chart import Chart
from cds_service.hooks.response import Action
from cds_service.hooks.response import Suggestion as Button
from cds_service.knowledge.release import CardPolicy, Release
from cds_service.knowledge.suggestions import Verb
from cds_service.presenting.groups import Group
from cds_service.presenting.propose import Candidate, Proposer, is_ordered
from cds_service.presenting.quiet import SELECTING
from cds_service.presenting.session import Dialect, Session
from cds_service.presenting.summary import plain_title, speak
from cds_service.presenting.text import escape_markdown, one_line, plain_text, shorten
from cds_service.presenting.unchecked import is_worth_naming
from cds_service.presenting.verify import SIGNING, Findings, Verified, Verifier, find_when_signed
from cds_service.reasoning.findings import Finding

MOST = 3
MOST_TRIED = 12  # on one card; the rules run anew for each, and a session of fifty orders has hundreds
MOST_ORDERS_READ = 12 * 15  # by all that is tried on one card: each reads every order again
LONGEST_LABEL = 120
LONGEST_NAME = 40
NAMED = 3  # findings and open rules that a line names


@dataclass(frozen=True, slots=True)
class Offer:
    """The buttons of a card, how a client lets people choose among them, and lines for the card's body.

    `tried` are the charts as the buttons would leave them, by label.
    """

    buttons: tuple[Button, ...] = ()
    selection_behavior: str | None = None
    lines: tuple[str, ...] = ()
    tried: tuple[tuple[str, Chart], ...] = ()


NOTHING = Offer()


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying suggestions needs, the same for all cards of one call."""

    chart: Chart
    proposer: Proposer
    verifier: Verifier


def prepare(
    groups: Iterable[Group], findings: tuple[Finding, ...], chart: Chart, release: Release, session: Session | None
) -> Trial | None:
    """The trial of a call; None when no rule of its cards has a suggestion, or nobody could take one."""
    if session is None or not any(finding.rule.suggestions for group in groups for finding in group.told):
        return None
    now = Findings.of(findings)
    when_signed = now if chart.hook == SIGNING else Findings.of(find_when_signed(findings, chart, release.index))
    return Trial(chart, Proposer(chart, release, session), Verifier(release, chart, now, when_signed))


def offer(group: Group, card: UUID, trial: Trial) -> Offer:
    """What the card with the uuid `card` offers for its findings."""
    picking = trial.chart.hook == SELECTING
    held = sorted(try_all(group, trial), key=lambda each: worth(each, picking))
    buttons = [each for each in distinct(held) if each.candidate.actions][:MOST]
    advice = [each for each in held if not each.candidate.actions and each.candidate.solves][:MOST]
    lines = list(being_ordered(group, trial.chart))
    if not buttons and not advice and not lines:
        return NOTHING
    labels = [label_of(each.candidate, trial.chart) for each in buttons]
    labelled = list(zip(labels, buttons, strict=True))
    lines += [line for label, each in labelled for line in consequences(label, each, trial.proposer.release.policy)]
    lines += [by_hand(each, trial.chart) for each in advice]
    epic = trial.proposer.session.dialect is Dialect.EPIC
    return Offer(
        tuple([button(label, each, card, is_best(each, buttons, group)) for label, each in labelled]),
        ("any" if epic else "at-most-one") if buttons else None,
        tuple(dict.fromkeys(lines)),
        tuple([(label, each.candidate.chart) for label, each in labelled]),
    )


def try_all(group: Group, trial: Trial) -> Iterator[Verified]:
    """The suggestions of the findings, most important first, that can be made and hold; few where orders are many.

    Where several rules propose the same actions, one that holds is enough.
    """
    told = group.told
    held: list[tuple[Action, ...]] = []
    for candidate in islice(propose_all(group, trial), tries(len(trial.chart.orders.items))):
        if candidate.actions and any(candidate.actions is actions for actions in held):
            continue
        verified = trial.verifier.verify(candidate, told)
        if verified:
            held.append(candidate.actions)
            yield verified


def tries(orders: int) -> int:
    """How many suggestions one card may try in a session of so many orders."""
    return min(MOST_TRIED, max(MOST, MOST_ORDERS_READ // max(orders, 1)))


def propose_all(group: Group, trial: Trial) -> Iterator[Candidate]:
    for finding in group.told:
        for suggestion in finding.rule.suggestions:
            candidate = trial.proposer.propose(finding, suggestion)
            if candidate:
                yield candidate


def worth(verified: Verified, picking: bool) -> tuple[bool, bool, int, int]:
    """Sort key, best first: what solves before what is ordered besides, then by findings cleared, then solved.

    While a drug is being picked, another drug comes before dropping it.
    """
    candidate = verified.candidate
    later = picking and candidate.suggestion.verb is not Verb.REPLACE
    return (not candidate.solves, later, -len(verified.cleared), -len(verified.solved))


def distinct(held: Iterable[Verified]) -> list[Verified]:
    """Of suggestions that lead to the same orders the first."""
    kept: dict[bytes, Verified] = {}
    for each in held:
        kept.setdefault(canonical(each.candidate.actions), each)
    return list(kept.values())


def canonical(actions: tuple[Action, ...]) -> bytes:
    """What actions do, whatever they are called."""
    return msgspec.json.encode([(each.type, each.resource_id, each.resource) for each in actions])


def is_best(verified: Verified, buttons: list[Verified], group: Group) -> bool:
    """The first of several, if it clears every finding of the card and does not leave the patient without."""
    first = len(buttons) > 1 and verified is buttons[0]
    without = verified.candidate.suggestion.verb is Verb.STOP
    return first and not without and len(verified.cleared) == len(group.told)


def button(label: str, verified: Verified, card: UUID, best: bool) -> Button:
    """The suggestion as it goes over the wire; its uuid follows from the card and what it does (CH-131)."""
    actions = verified.candidate.actions
    return Button(
        label=label,
        uuid=str(uuid5(card, canonical(actions).decode())),
        is_recommended=True if best else None,
        actions=actions,
    )


def label_of(candidate: Candidate, chart: Chart) -> str:
    """What a button says. Names are cut only where the label would be too long with them: two products of one drug
    must be told apart."""
    said = ""
    for longest in (LONGEST_LABEL, 2 * LONGEST_NAME, LONGEST_NAME):
        said = one_line(speak(plain_text, candidate.suggestion.label, candidate.finding, chart, longest))
        if len(said) <= LONGEST_LABEL:
            break
    return shorten(said or one_line(candidate.finding.rule.title), LONGEST_LABEL)


def consequences(label: str, verified: Verified, policy: CardPolicy) -> Iterator[str]:
    """What a suggestion leaves or brings that the clinician should know before taking it."""
    left = tuple(finding for finding in verified.leaves_open if is_worth_naming(finding.rule, policy))
    if verified.brings:
        yield f"After “{escape_markdown(label)}” there would be: {name(verified.brings)}"
    if left:
        yield f"After “{escape_markdown(label)}” could not be checked: {name(left)}"


def name(findings: tuple[Finding, ...]) -> str:
    titles = list(dict.fromkeys(escape_markdown(plain_title(finding, LONGEST_NAME)) for finding in findings))
    more = f" and {len(titles) - NAMED} more" if len(titles) > NAMED else ""
    return "; ".join(titles[:NAMED]) + more


def being_ordered(group: Group, chart: Chart) -> Iterator[str]:
    """The tests and referrals that the findings' rules suggest and that are among the orders of this call."""
    suggested = (each.orderable for finding in group.told for each in finding.rule.suggestions)
    titles = dict.fromkeys(each.title for each in suggested if each and is_ordered(each, chart))
    if titles:
        yield f"Being ordered: {escape_markdown(', '.join(titles))}"


def by_hand(verified: Verified, chart: Chart) -> str:
    """A suggestion nobody can click, because it is about an order that is already active or cannot be named."""
    return f"By hand: {escape_markdown(label_of(verified.candidate, chart))}"
