"""How predictions are said: people out of a hundred, points and class, exact parts, and what is not known."""

from decimal import ROUND_HALF_UP, Decimal
from math import fsum

from cds_service.chart.chart import Chart
from cds_service.chart.unit_words import say_unit
from cds_service.knowledge.bundle import Band, Bundle, Predictor
from cds_service.presenting.detail import bullets
from cds_service.presenting.groups import Group, Risk
from cds_service.presenting.patient import unnamed
from cds_service.presenting.risks import FACT_NAME, say_refusal
from cds_service.presenting.text import escape_markdown
from cds_service.presenting.wording import fact_label, say_date, say_missing, say_not_known, say_number, sentence
from cds_service.risk.lists import Lists, arrange, arrange_problems
from cds_service.risk.prediction import Contribution, Prediction
from cds_service.risk.score import result_on

HORIZONS = {"Y": "years", "M": "months", "D": "days"}
MOST_PARTS = 6  # named of those that can be changed, and of those that cannot; the others are told together
NOTABLE = 0.005  # and so are parts of a linear predictor below it
LAST_FEW = Decimal("0.01")  # below one in a hundred people are counted in a thousand


def say_frequency(*probabilities: float) -> tuple[str, ...]:
    """Probabilities as people out of as many: ("12", "7 in 100"), in a thousand where one is below one in a hundred.

    The last one names the number of people.
    """
    exact = [Decimal(repr(each)) for each in probabilities]
    people = 1000 if min(exact) < LAST_FEW else 100
    counts = [say_count(each * people, people) for each in exact]
    return (*counts[:-1], f"{counts[-1]} in {people:,}")


def say_count(count: Decimal, people: int) -> str:
    """A whole number of people; neither nobody nor everybody is certain."""
    rounded = int(count.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if rounded < 1:
        return "fewer than 1"
    return f"more than {people - 1}" if rounded >= people else f"{rounded}"


def say_horizon(horizon: str) -> str:
    """An ISO 8601 duration of one part: "P30D" is "30 days"; empty for now."""
    if not horizon:
        return ""
    words = HORIZONS[horizon[-1]]
    return f"{horizon[1:-1]} {words.removesuffix('s') if horizon[1:-1] == '1' else words}"


def say_result(prediction: Prediction) -> str:
    """The result alone: "12 in 100", "9 points", "29 mL/min"."""
    if prediction.probability is not None:
        return say_frequency(prediction.probability)[0]
    if prediction.points is not None:
        return say_points(prediction.points)
    return f"{say_number(prediction.result)}{say_unit(prediction.unit)}"


def say_points(points: float) -> str:
    """Points with their unit: "1 point", "2 points"."""
    said = say_number(points)
    return f"{said} point" if said == "1" else f"{said} points"


def say_band(band: Band, points: bool) -> str:
    """A band with its limits: "raised (10 to 20 in 100)"."""
    if points:
        return band.name
    limits = [each for each in (band.start, band.end) if each is not None]
    said = f"{' to '.join(say_number(100 * each) for each in limits)} in 100" if limits else ""
    where = said if len(limits) == 2 else f"{'from' if band.end is None else 'below'} {said}"
    return f"{band.name} ({where})" if said else band.name


def say_part(part: Contribution, bundle: Bundle, chart: Chart) -> str:
    """A predictor with its value and date, and what it adds: "potassium 3.4 mmol/L (19 Nov 2026, yesterday): +2"."""
    dated = f" ({say_date(part.as_of, chart.now)})" if part.as_of and part.as_of != chart.now else ""
    return f"{part.label}{say_level(part, bundle)}{dated}: {part.contribution:+.3g}"


def say_level(part: Contribution, bundle: Bundle) -> str:
    """The value of a predictor after its name; nothing for a question answered yes."""
    if part.value is None:
        return " not known"
    if isinstance(part.value, str):
        return f" {part.value}"
    if is_question(predictor_of(part, bundle)):
        return "" if part.value else ": no"
    unit = say_unit(part.unit)
    return f" {say_number(part.value)}" + ("" if part.label.startswith(f"{unit.strip()} ") else unit)


def predictor_of(part: Contribution, bundle: Bundle) -> Predictor:
    return next(each for each in bundle.predictors if each.name == part.predictors[0])


def is_question(predictor: Predictor) -> bool:
    return predictor.when is not None or (predictor.unit is None and predictor.within == (0.0, 1.0))


def say_parts(prediction: Prediction, bundle: Bundle, chart: Chart, modifiable: bool) -> list[str]:
    """The parts that can be changed, or those that cannot, largest first; small ones and pairs are summed up."""
    parts = [part for part in prediction.contributions if part.modifiable is modifiable and part.contribution]
    alone = sorted((part for part in parts if is_notable(part)), key=lambda part: -abs(part.contribution))[:MOST_PARTS]
    rest = [part for part in parts if part not in alone]
    lines = [say_part(part, bundle, chart) for part in alone]
    return [*lines, say_rest(rest)] if rest else lines


def is_notable(part: Contribution) -> bool:
    """Whether a part gets a line of its own: one predictor, and enough to matter."""
    return len(part.predictors) == 1 and abs(part.contribution) >= NOTABLE


def say_rest(parts: list[Contribution]) -> str:
    """What the other parts add together: "3 others, pairs among them, together: +0.0512"."""
    pairs = ", pairs among them," if any(len(part.predictors) > 1 for part in parts) else ""
    some = "1 other" if len(parts) == 1 else f"{len(parts)} others{pairs} together"
    return f"{some}: {fsum(part.contribution for part in parts):+.3g}"


def say_gaps(prediction: Prediction, bundle: Bundle) -> list[str]:
    """What was missing, what was assumed, and which items of a score nobody reads here; what is missing for one reason
    shares a line."""
    labels = {each.fact: each.label for each in bundle.predictors}
    alike: dict[str, list[str]] = {}
    others = []
    for each in prediction.missing:
        if each.subject in labels:
            reason = FACT_NAME.sub(lambda name: fact_label(name[0]), each.detail or each.reason)
            alike.setdefault(unnamed(labels[each.subject], reason), []).append(labels[each.subject])
        else:
            others.append(say_missing(each))
    missing = [say_not_known(", ".join(named), reason) for reason, named in alike.items()]
    unread = [f"{each.label} is not read here: {each.reason}" for each in bundle.unread]
    return [*missing, *others, *prediction.assumed, *unread]


def score_section(group: Group, chart: Chart, tried: tuple[tuple[str, Chart], ...] = ()) -> str:
    """What models say of the problems of a card, one line each, in Markdown. `tried` are the charts as the card's
    suggestions would leave them, by label."""
    if not (group.notes or group.risks):
        return ""
    left = arrange_left(chart, tried)
    lines = [escape_markdown(sentence(note)) for note in group.notes]
    lines += [tell_score(risk, chart, left) for risk in group.risks]
    return f"**Scores**\n\n{bullets(lines)}"


def arrange_left(chart: Chart, tried: tuple[tuple[str, Chart], ...]) -> list[tuple[str, Lists]]:
    """The charts with other drugs that suggestions leave, arranged; the problems stay the same."""
    changed = [(label, after) for label, after in tried if after is not chart]
    problems = arrange_problems(chart.conditions) if changed else None
    return [(label, arrange(after, problems)) for label, after in changed]


def tell_score(risk: Risk, chart: Chart, left: list[tuple[str, Lists]]) -> str:
    """The score in one line of Markdown, what it is made of in lines below it."""
    first, *below = say_score(risk, chart, left)
    return "\n".join((escape_markdown(sentence(first)), *(f"  - {escape_markdown(sentence(line))}" for line in below)))


def say_score(risk: Risk, chart: Chart, left: list[tuple[str, Lists]]) -> list[str]:
    """Points, class, what they are made of, and what would be left after a suggestion."""
    bundle = risk.bundle
    if risk.off:
        return [f"{bundle.title}: model off ({risk.off}), rule used"]
    if risk.refusal:
        return [f"{bundle.title}: no score ({say_refusal(risk.refusal)}), rule used"]
    leading = risk.leading
    band = f", {leading.band.name} ({leading.band.reason})" if leading.band else ""
    clauses = [f"{bundle.title}: {say_result(leading)}{band}{could_be(leading)}"]
    for heading, modifiable in (("can be changed", True), ("fixed", False)):
        if parts := say_parts(leading, bundle, chart, modifiable):
            clauses.append(f"{heading}: {'; '.join(parts)}")
    if gaps := say_gaps(leading, bundle):
        clauses.append(f"not counted: {'; '.join(gaps)}")
    clauses += [said for label, after in left if (said := say_after(risk, label, after))]
    return clauses


def could_be(prediction: Prediction) -> str:
    """How far the unknown could take a score, where that is another class."""
    most, after = prediction.most, prediction.band_at_most
    if most is None or most == prediction.points:
        return ""
    other = f", {after.name}" if after and after != prediction.band else ""
    return f"; up to {say_number(most)}{other} with what is not known"


def say_after(risk: Risk, label: str, after: Lists) -> str:
    """The result on the chart that a suggestion leaves, where it differs: "after “Stop”: 2 instead of 3 points"."""
    now = risk.leading
    then = result_on(risk.bundle, now.outcome, after)
    return "" if then is None or then == now.result else f"after “{label}”: {say_instead(then, now)}"


def say_instead(then: float, now: Prediction) -> str:
    """Another result of an outcome beside the one there is, in the same terms: "3 instead of 5 in 100"."""
    if now.probability is not None:
        return " instead of ".join(say_frequency(then, now.probability))
    return f"{say_number(then)} instead of {say_result(now)}"
