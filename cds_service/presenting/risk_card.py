"""The card of one prediction: who it is about, what it is made of, how sure it is, and what could be done."""

from collections.abc import Iterable
from uuid import UUID, uuid5

from cds_service.chart.chart import Chart
from cds_service.hooks.response import Card, CardSource, Coding
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.release import Release
from cds_service.presenting.detail import bullets, cite, listed
from cds_service.presenting.groups import Risk
from cds_service.presenting.risk_words import (
    say_band,
    say_frequency,
    say_gaps,
    say_horizon,
    say_parts,
    say_points,
    say_result,
)
from cds_service.presenting.summary import LONGEST
from cds_service.presenting.text import escape_markdown, one_line, plain_text, shorten
from cds_service.presenting.wording import sentence
from cds_service.risk.prediction import Prediction

EXTENSION = "org.cds-service"


def risk_card(risk: Risk, chart: Chart, release: Release, decision: UUID, topic_code: str) -> Card:
    """The card of a model with the indicator of its band; `topic_code` is the model's id as the client takes codes."""
    bundle, policy = risk.bundle, release.policy
    topic = Coding(code=topic_code, system=f"{policy.source_url}/knowledge", display=bundle.title)
    reasons = (release.override_reasons[each] for each in bundle.card.override_reasons)
    return Card(
        uuid=str(uuid5(decision, f"model|{bundle.id}")),
        summary=summarise_risk(risk),
        indicator=risk.indicator,
        source=CardSource(label=policy.source_label, url=policy.source_url, topic=topic),
        detail=describe_risk(risk, chart),
        override_reasons=tuple(Coding(code=each.code, system=each.system, display=each.display) for each in reasons),
        extension={
            EXTENSION: {"decision": str(decision), "findings": [{"rule": bundle.id, "version": bundle.version}]}
        },
    )


def summarise_risk(risk: Risk) -> str:
    """The model's own first line: `result`, `band`, `horizon` and `outcome` are filled in."""
    leading = risk.leading
    told = {
        "result": say_result(leading),
        "band": leading.band.name if leading.band else "",
        "horizon": say_horizon(leading.horizon),
        "outcome": title_of(leading, risk.bundle),
    }
    return shorten(one_line(plain_text(risk.bundle.card.summary).fill(told)), LONGEST)


def describe_risk(risk: Risk, chart: Chart) -> str:
    """The body in Markdown, the result first."""
    bundle, leading = risk.bundle, risk.leading
    sections = (
        bullets(escape_markdown(sentence(line)) for line in say_outcomes(risk)),
        listed("Can be changed", say_parts(leading, bundle, chart, modifiable=True)),
        listed("Fixed", say_parts(leading, bundle, chart, modifiable=False)),
        escape_markdown(say_scale(leading)),
        listed("Not known", say_gaps(leading, bundle)),
        listed("How sure", say_support(leading, bundle)),
        f"**What to do:** {escape_markdown(bundle.card.advice)}" if bundle.card.advice else "",
        cite_model(bundle),
    )
    return "\n\n".join(section for section in sections if section)


def say_outcomes(risk: Risk) -> Iterable[str]:
    """The leading outcome with its comparator and band, then the others."""
    leading = risk.leading
    yield say_outcome(leading, risk.bundle)
    if leading.comparator and leading.probability is not None:
        yield f"{leading.comparator.label}: {say_frequency(leading.comparator.result)[0]}"
    if leading.band:
        yield f"{say_band(leading.band, leading.points is not None)}: {leading.band.reason}"
    yield from (say_outcome(each, risk.bundle) for each in risk.said if each is not leading)


def say_outcome(prediction: Prediction, bundle: Bundle) -> str:
    """One outcome of people like this patient."""
    within = f" within {say_horizon(prediction.horizon)}" if prediction.horizon else ""
    title = title_of(prediction, bundle)
    if prediction.probability is None:
        return f"{title}: {say_result(prediction)}"
    return f"about {say_result(prediction)} people like this: {title}{'' if within.strip() in title else within}"


def title_of(prediction: Prediction, bundle: Bundle) -> str:
    return next(each.title for each in bundle.outcomes if each.id == prediction.outcome)


def say_scale(prediction: Prediction) -> str:
    """What the parts add up to."""
    if not prediction.contributions:
        return "Computed by another server, which does not tell the parts."
    if prediction.probability is None:
        return f"The parts add up to {say_points(prediction.total)} exactly."
    step = "" if prediction.calibration == "none" else " before calibration"
    base = f"with the base value {prediction.intercept:+.3g} " if prediction.intercept else ""
    return (
        f"The parts are exact: {base}they add up to the linear predictor {prediction.total:+.3g}{step}."
        " A part above 0 raises the risk, one below lowers it."
    )


def say_support(prediction: Prediction, bundle: Bundle) -> list[str]:
    """The data behind the model, local calibration, the edge of the band, and the known limits."""
    made = prediction.support
    counted = f"{made.n:,} patients or stays" if made.n else "data whose size is not recorded here"
    events = f", {made.events:,} with the outcome" if made.events else ""
    where = f" ({', '.join(part for part in (made.where, made.years) if part)})" if made.where or made.years else ""
    fitted = bundle.calibration.data
    local = f"calibrated on {fitted}" if prediction.calibration != "none" else "not calibrated locally"
    return [f"made from {counted}{events}{where}", local, *say_edge(prediction), *bundle.known_limits]


def say_edge(prediction: Prediction) -> list[str]:
    """How near the next band is, where that is nearer than one in a hundred or one point."""
    near = 1.0 if prediction.probability is None else 0.01
    edges = {"above": prediction.to_lower, "below": prediction.to_upper}
    return [f"just {side} the edge of this band" for side, gap in edges.items() if gap is not None and gap < near]


def cite_model(bundle: Bundle) -> str:
    """Evidence, model and version, and who reviewed it, or that nobody has."""
    cited = "; ".join(cite(each) for each in bundle.evidence)
    reviewer = bundle.governance.reviewer
    reviewed = f"reviewed by {escape_markdown(reviewer)}" if reviewer else "not yet reviewed by a clinician"
    return f"Source: {cited}. Model {escape_markdown(f'{bundle.id} {bundle.version}')}, {reviewed}."
