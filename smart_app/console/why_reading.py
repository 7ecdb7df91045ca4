"""Why the cards are as they are: the outcome of every rule that was reached, in sentences."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.explain import explain
from cds_service.knowledge.rules import Rule
from cds_service.presenting.patient import join_lists
from cds_service.presenting.wording import fact_label, say, say_missing, sentence
from smart_app.console.outcomes import Outcome, OutcomeGroup
from smart_app.console.score_reading import read_models
from smart_app.console.trace_facts import Json, read_fact, read_missing

# In the order in which a reader wants them, with what a group is called and what its outcome means.
GROUPS = {
    "fires": ("Fired", "The conditions of these rules certainly hold."),
    "undetermined": ("Could not be decided", "Something these rules need is not known. That is not the same as fine."),
    "error": ("Failed", "These rules broke while running. Nothing follows from them."),
    "silent": ("Nothing to say", "The conditions of these rules certainly do not hold."),
}


@dataclass(frozen=True, slots=True)
class WhyReading:
    """`summary` counts the outcomes; `release` and `decision` name what answered."""

    summary: str
    groups: tuple[OutcomeGroup, ...]
    release: str
    decision: str


def read_why(trace: Json, rules: Mapping[str, Rule], models: Iterable[Bundle] = ()) -> WhyReading:
    """The outcomes in the trace extension of a response, with the predictions of `models`. Raises KeyError, TypeError
    or ValueError for another shape."""
    now = datetime.fromisoformat(trace["now"])
    names = name_drugs(trace["chart"])
    told = trace["outcomes"]
    outcomes = [(each["outcome"], read_outcome(each, rules, names, now)) for each in told]
    groups = [
        OutcomeGroup(id, title, meaning, tuple(outcome for group, outcome in outcomes if group == id))
        for id, (title, meaning) in GROUPS.items()
    ]
    groups.append(read_models(trace.get("models", ()), models))
    counts = Counter(each["outcome"] for each in told)
    counted = ", ".join(f"{counts[id]} {title.lower()}" for id, (title, _) in GROUPS.items() if counts[id])
    return WhyReading(
        summary=f"{len(told)} checks were made: {counted}." if told else "No rule concerns these drugs.",
        groups=tuple(group for group in groups if group.outcomes),
        release=trace["release"],
        decision=trace["decision"],
    )


def name_drugs(chart: Json) -> dict[str, str]:
    """What every drug of the chart is called, by its reference."""
    drugs = [*chart["orders"].get("items", ()), *chart["medications"].get("items", ())]
    return {drug["reference"]: drug["name"] for drug in [*drugs, *chart.get("continued", {}).values()]}


def read_outcome(told: Json, rules: Mapping[str, Rule], names: Mapping[str, str], now: datetime) -> Outcome:
    rule = rules.get(told["rule"])
    bound = {side: names.get(reference, reference) for side, reference in told.get("drugs", {}).items()}
    return Outcome(
        rule=told["rule"],
        title=rule.title if rule else told["rule"],
        drugs=" and ".join(bound.values()),
        indicator=told.get("indicator", ""),
        sentences=tuple(say_outcome(told, bound, now)),
        reads=explain(rule) if rule else "",
    )


def say_outcome(told: Json, bound: Mapping[str, str], now: datetime) -> Iterator[str]:
    """What decided, what was not known or assumed, and what became of the finding."""
    used = {name: fact for name, fact in told.get("used", {}).items() if "value" in fact}
    if used:
        said = (say(read_fact(fact), label(name, bound), now) for name, fact in used.items())
        yield f"Looked at: {'; '.join(said)}."
    # A grade that inserts values of the chart is a template; its card has the sentence filled in.
    if "grade" in told and "{{" not in told["grade"]:
        yield f"Urgency for this patient: {told['grade']}"
    for missing in join_lists(map(read_missing, told.get("missing", ()))):
        yield sentence(say_missing(missing)) + "."
    for assumed in told.get("assumed", ()):
        yield f"Assumed: {assumed}."
    if told.get("lowered"):
        yield "Shown one step less urgent because the same treatment is renewed unchanged."
    if "withheld" in told:
        yield f"Not shown as a card: {told['withheld']}."
    if "error" in told:
        yield f"What went wrong: {told['error']}."


def label(name: str, bound: Mapping[str, str]) -> str:
    """What a fact is called; a drug's fact names the drug."""
    side, _, rest = name.partition(".")
    return f"{bound[side]}, {fact_label(rest)}" if rest and side in bound else fact_label(name)
