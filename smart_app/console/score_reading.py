"""What the risk models said of a patient, with every part of the sum; also those that no card shows, and why not."""

from collections.abc import Iterable, Iterator

from cds_service.knowledge.bundle import Bundle, ModelKind
from cds_service.presenting.risk_words import say_frequency, say_points
from cds_service.presenting.wording import fact_label, say_missing, say_number, sentence
from smart_app.console.outcomes import Outcome, OutcomeGroup
from smart_app.console.trace_facts import Json, read_missing

EXACT = 1e-9  # parts add up to the sum within this; what is below it is nothing
MEANING = "What equations and scores make of the same chart. The parts are exact: with the base they are the sum."


def read_models(told: Iterable[Json], models: Iterable[Bundle]) -> OutcomeGroup:
    """Every prediction and refusal in the trace of an answer. Raises KeyError, TypeError or ValueError for another
    shape."""
    known = {bundle.id: bundle for bundle in models}
    outcomes = (read_score(each, known[each["model"]]) for each in told if each["model"] in known)
    return OutcomeGroup("models", "Risk models", MEANING, tuple(outcomes))


def read_score(told: Json, bundle: Bundle) -> Outcome:
    return Outcome(bundle.id, bundle.title, "", "", tuple(say_score(told, bundle)), "")


def say_score(told: Json, bundle: Bundle) -> Iterator[str]:
    """The result and its band, the parts, what was missing, and why no card shows it."""
    if "result" in told:
        yield f"{sentence(title_of(told, bundle))}: {say_result(told, bundle)}{say_band(told)}."
        yield f"Parts: {'; '.join(say_parts(told, bundle))}."
    for reason in told.get("reasons", ()):
        yield f"No prediction: {reason}."
    for missing in told.get("missing", ()):
        yield f"{sentence(say_missing(read_missing(missing)))}."
    if "quiet" in told:
        yield f"Not shown as a card: {told['quiet']}."


def title_of(told: Json, bundle: Bundle) -> str:
    return next((each.title for each in bundle.outcomes if each.id == told.get("outcome")), bundle.title)


def say_result(told: Json, bundle: Bundle) -> str:
    """The result as cards say it; a probability also as a number."""
    result = float(told["result"])
    if bundle.unit:
        return f"{say_number(result)} {bundle.unit}"
    if bundle.kind is ModelKind.SCORE:
        return say_points(result)
    return f"{say_frequency(result)[0]} ({result:.4f})"


def say_band(told: Json) -> str:
    return f", {told['band']}" if told.get("band") else ""


def say_parts(told: Json, bundle: Bundle) -> Iterator[str]:
    """Every part by the names of its predictors, the largest first."""
    labels = {each.name: each.label for each in bundle.predictors}
    yield f"base {told.get('intercept', 0.0):+.4g}"
    for names, part in sorted(told.get("parts", {}).items(), key=lambda each: -abs(each[1])):
        if abs(part) >= EXACT:
            yield f"{' and '.join(labels.get(name, fact_label(name)) for name in names.split(' with '))} {part:+.3g}"
