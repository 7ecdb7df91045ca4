"""The 31 source attributes of a predictive intervention, 45 CFR 170.315(b)(11)(iv)(B), of one model."""

from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.knowledge.attributes import NO_FUNDING, Attribute, as_attribute, cite, data_used
from cds_service.knowledge.bundle import Bundle, ModelKind
from cds_service.knowledge.rules import Status

MEASURES = {"auroc": "AUROC", "brier": "Brier", "slope": "slope", "citl": "CITL", "ici": "ICI"}
NOT_EVALUATED = "the model has no evaluation.json: its numbers are those of the cited publication"
NOT_EXTERNAL = "nobody has tested it here on data of another source"
NOT_LOCAL = "nobody has tested it on data of this site; `cds models validate` does"
OUTPUTS = {
    ModelKind.EQUATION: "prediction by a published equation",
    ModelKind.SCORE: "classification by a published score of points",
    ModelKind.ADDITIVE: "prediction by a trained additive model",
    ModelKind.REMOTE: "prediction computed by another server",
}
Evaluation = Mapping[str, Any]


def model_attributes(bundle: Bundle, evaluation: Evaluation | None) -> tuple[Attribute, ...]:
    """All 31, in the order of the regulation; numbers of performance from `evaluation` alone."""
    return (
        *details(bundle),
        *purpose(bundle),
        *development(bundle),
        *performance(bundle, evaluation),
        *maintenance(bundle),
    )


def details(bundle: Bundle) -> Iterator[Attribute]:
    said = bundle.governance
    outcomes = "; ".join(
        f"{each.title}{f', horizon {each.horizon}' if each.horizon else ''}" for each in bundle.outcomes
    )
    yield Attribute("(B)(1)(i)", "Developer, and how to reach them", f"{said.author}; publication: {first(bundle)}")
    yield Attribute("(B)(1)(ii)", "Funding source of the technical implementation", missing=NO_FUNDING)
    yield Attribute("(B)(1)(iii)", "Value produced as an output", outcomes)
    yield Attribute("(B)(1)(iv)", "Kind of output", OUTPUTS[bundle.kind])


def purpose(bundle: Bundle) -> Iterator[Attribute]:
    made_for = "; ".join(each.reason for each in bundle.population if each.required)
    not_for = "; ".join(each.reason for each in bundle.population if not each.required)
    limits = " ".join(bundle.known_limits)
    role = "informs a clinician, who can review its basis" if bundle.status is Status.ACTIVE else "recorded, not shown"
    yield Attribute("(B)(2)(i)", "Intended use", say_use(bundle))
    yield as_attribute("(B)(2)(ii)", "Intended patients", made_for, "the model names no population")
    yield Attribute("(B)(2)(iii)", "Intended users", "licensed clinicians at the hooks " + ", ".join(bundle.hooks))
    yield Attribute("(B)(2)(iv)", "Role in the decision", role)
    yield as_attribute("(B)(3)(i)", "Use cautioned against", not_for, "the model names nobody it is not for")
    yield as_attribute("(B)(3)(ii)", "Known risks and limitations", limits, "none is written down")


def say_use(bundle: Bundle) -> str:
    beside = f"a line beside the findings about {bundle.problem}" if bundle.problem else "a value for the record"
    return bundle.card.advice or beside


def development(bundle: Bundle) -> Iterator[Attribute]:
    made = bundle.development
    made_for = "; ".join(each.reason for each in bundle.population)
    used = "; ".join(f"{name}: {how}" for name, how in data_used(bundle.facts).items() if how.startswith("used"))
    inputs = ", ".join(each.label for each in bundle.predictors)
    ranges = [each for each in bundle.predictors if each.within and each.unit]
    spans = "; ".join(f"{each.label} {each.within[0]:g} to {each.within[1]:g}" for each in ranges if each.within)
    counted = f"{made.n:,} patients or stays" if made.n else ""
    events = f"{made.events:,} events" if made.events else ""
    data = ", ".join(part for part in (counted, events, made.where, made.years) if part)
    fair = "race, ethnicity and payer are no inputs" + (
        "" if bundle.kind is not ModelKind.ADDITIVE else "; results are reported by subgroup"
    )
    yield as_attribute(
        "(B)(4)(i)",
        "Who was in the training data",
        f"{made_for}; inputs within: {spans}" if spans else made_for,
        "see the citation",
    )
    yield Attribute("(B)(4)(ii)", "Use of the data of (A)(5) to (13) as inputs", f"{used or 'none'}. Inputs: {inputs}")
    yield Attribute(
        "(B)(4)(iii)", "Whom the training data represent", missing="only what the citation says is known here"
    )
    yield as_attribute("(B)(4)(iv)", "Relevance of the training data", data, "the bundle does not describe the data")
    yield Attribute("(B)(5)(i)", "How fairness was sought", fair)
    yield Attribute(
        "(B)(5)(ii)", "How bias was managed", missing="no method beyond the choice of inputs was used by this project"
    )


def performance(bundle: Bundle, evaluation: Evaluation | None) -> Iterator[Attribute]:
    fitted = bundle.calibration.data
    external = [each for each in bundle.evidence if "valid" in each.quality]
    cited = "; ".join(cite(each) for each in external)
    yield as_attribute("(B)(6)(i)", "Where validity was tested outside", cited, NOT_EXTERNAL)
    yield as_attribute(
        "(B)(6)(ii)", "Who tested it there", "the authors of the citations" if cited else "", NOT_EXTERNAL
    )
    yield Attribute("(B)(6)(iii)", "Whom those data represent", missing="see the citation" if cited else NOT_EXTERNAL)
    yield as_attribute("(B)(6)(iv)", "How it was tested there", "as the citation tells" if cited else "", NOT_EXTERNAL)
    yield as_attribute("(B)(7)(i)", "Validity in data of the same source", validity(evaluation), NOT_EVALUATED)
    yield as_attribute("(B)(7)(ii)", "Fairness in data of the same source", fairness(evaluation), NOT_EVALUATED)
    yield Attribute(
        "(B)(7)(iii)", "Validity in data of another source", missing=f"no number is kept here; {NOT_EXTERNAL}"
    )
    yield Attribute(
        "(B)(7)(iv)", "Fairness in data of another source", missing=f"no number is kept here; {NOT_EXTERNAL}"
    )
    yield Attribute(
        "(B)(7)(v)", "Effect of its use on outcomes", missing="no study of its use is known to this project"
    )
    limits = ", ".join(f"{name} {value:g}" for name, value in sorted(bundle.limits.items()))
    yield as_attribute(
        "(B)(8)(i)",
        "How validity is watched over time",
        f"`cds models monitor`, limits: {limits}" if limits else "",
        "the bundle sets no limits to watch",
    )
    yield as_attribute("(B)(8)(ii)", "Validity in local data", f"calibrated on {fitted}" if fitted else "", NOT_LOCAL)
    yield Attribute(
        "(B)(8)(iii)", "How fairness is watched over time", "subgroups of `cds models validate` on new data"
    )
    yield Attribute("(B)(8)(iv)", "Fairness in local data", missing=NOT_LOCAL)


def maintenance(bundle: Bundle) -> Iterator[Attribute]:
    review = bundle.governance.next_review_date
    yield Attribute(
        "(B)(9)(i)",
        "How it is updated",
        "`cds models recalibrate` writes a new version, which a second person approves"
        + (f"; next review {review}" if review else ""),
    )
    yield Attribute(
        "(B)(9)(ii)",
        "How often its performance is corrected",
        "when a window of `cds models monitor` is beyond a limit; it can be switched off to its rule at any time",
    )


def validity(evaluation: Evaluation | None) -> str:
    """The means of cross-validation with their 95 % intervals."""
    if not evaluation:
        return ""
    inside = evaluation["cross_validation"]
    mean = inside["mean"]["this model"]
    said = [
        f"{name} {mean[key]:.4f} ({span(inside['intervals'], key)})" for key, name in MEASURES.items() if key in mean
    ]
    return f"cross-validated, {inside['folds']} test parts: {', '.join(said)}"


def span(intervals: Mapping[str, Any], key: str) -> str:
    return f"{intervals[key][0]:.4f} to {intervals[key][1]:.4f}" if key in intervals else "no interval"


def fairness(evaluation: Evaluation | None) -> str:
    """Observed to expected events in each subgroup that has enough of them."""
    if not evaluation:
        return ""
    groups = evaluation["cross_validation"]["first_repeat"]["subgroups"]
    told = [f"{each['group']} {each['label']}: {each['oe']:.2f}" for each in groups if "oe" in each]
    return f"observed to expected: {'; '.join(told)}"


def first(bundle: Bundle) -> str:
    return cite(bundle.evidence[0]) if bundle.evidence else "none"
