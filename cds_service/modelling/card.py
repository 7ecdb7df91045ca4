"""CARD.md of a model: what it is for, what it was made from, and every number from evaluation.json."""

from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.knowledge.bundle import Bundle, IfMissing
from cds_service.modelling.cross_validate import BOOSTED, NAMES
from cds_service.modelling.report import find_outliers
from cds_service.modelling.targets import judge

SHOWN = (("auroc", "AUROC"), ("brier", "Brier"), ("ipa", "IPA"), ("slope", "slope"), ("citl", "CITL"), ("ici", "ICI"))
IF_MISSING = {
    IfMissing.REFUSE: "no prediction",
    IfMissing.UNKNOWN_LEVEL: "counts as unknown",
    IfMissing.ASSUME: "assumed, and said so",
}


def write_card(bundle: Bundle, evaluation: Mapping[str, Any], history: list[dict[str, Any]]) -> str:
    """The card as Markdown."""
    parts = (
        describe(bundle),
        describe_inputs(bundle),
        describe_validation(evaluation),
        describe_time(evaluation["in_time"]),
        describe_groups(evaluation["cross_validation"]["first_repeat"]["subgroups"]),
        describe_targets(evaluation),
        describe_updates(history),
    )
    return "\n".join(line for part in parts for line in part)


def describe(bundle: Bundle) -> Iterator[str]:
    made = bundle.development
    yield f"# {bundle.title}"
    yield ""
    yield f"Version {bundle.version}, {bundle.status.value}. Written by `cds models card`; every number is from"
    yield "evaluation.json."
    yield ""
    yield f"- Says: probability of {bundle.outcomes[0].title} (horizon {bundle.outcomes[0].horizon})"
    yield f"- Developed on: {made.n:,} encounters, {made.events:,} events; {made.where}, {made.years}"
    yield f"- Author: {bundle.governance.author}; reviewed by: {bundle.governance.reviewer or 'nobody yet'}"
    yield f"- License: {bundle.governance.license}"
    yield ""
    yield "## For whom"
    yield ""
    yield from (f"- {criterion.reason}" for criterion in bundle.population)
    yield ""
    yield "## Limits"
    yield ""
    yield from (f"- {limit}" for limit in bundle.known_limits)
    yield ""
    yield "## Bands"
    yield ""
    for band in bundle.bands:
        low = "0" if band.start is None else f"{band.start:g}"
        high = "1" if band.end is None else f"{band.end:g}"
        yield f"- {band.name}: {low} to {high}. {band.reason}"
    yield ""


def describe_inputs(bundle: Bundle) -> Iterator[str]:
    yield "## Inputs"
    yield ""
    yield "| input | range or words | when unknown | can be changed |"
    yield "|---|---|---|---|"
    for each in bundle.predictors:
        span = f"{each.within[0]:g} to {each.within[1]:g} {each.unit or ''}".strip() if each.within else ""
        words = ", ".join(each.words) if each.words else span
        yield f"| {each.label} | {words} | {IF_MISSING[each.if_missing]} | {'yes' if each.modifiable else 'no'} |"
    yield ""
    yield "Race and payer are no inputs."
    yield ""


def describe_validation(evaluation: Mapping[str, Any]) -> Iterator[str]:
    inside = evaluation["cross_validation"]
    floor = inside["first_repeat"]["noise_floor"]["ici"]
    yield "## Internal validation"
    yield ""
    yield f"Five times repeated five-fold cross-validation by patient; means over {inside['folds']} test parts."
    yield ""
    yield "| model | " + " | ".join(label for _, label in SHOWN) + " |"
    yield "|---|" + "---|" * len(SHOWN)
    for name in NAMES:
        yield f"| {name} | " + " | ".join(f"{inside['mean'][name][key]:.4f}" for key, _ in SHOWN) + " |"
    spans = (f"{inside['intervals'][key][0]:.4f} to {inside['intervals'][key][1]:.4f}" for key, _ in SHOWN)
    yield "| 95 % interval of this model, over patients | " + " | ".join(spans) + " |"
    yield ""
    yield f"Noise floor of the ICI on all {inside['first_repeat']['n']:,} encounters: {floor['mean']:.4f} on average,"
    yield f"{floor['p95']:.4f} at most in 95 of 100. The simplest comparator knows the stays of the year before alone."
    yield ""


def describe_time(found: Mapping[str, Any]) -> Iterator[str]:
    own, update = found["measures"][NAMES[0]], found["update"]
    yield "## Later patients"
    yield ""
    yield f"Fitted on the first 80 % of patients, tested on the others ({found['test']['n']:,} encounters,"
    yield f"{found['test']['events']:,} events): AUROC {own['auroc']:.4f},"
    yield f"Brier {own['brier']:.4f}, O:E {own['oe']:.3f},"
    yield f"slope {own['slope']:.3f}, ICI {own['ici']:.4f}. Gradient boosting on the same inputs: AUROC"
    yield f"{found['measures'][BOOSTED]['auroc']:.4f}, Brier {found['measures'][BOOSTED]['brier']:.4f}."
    yield ""
    yield f"Mean ICI on half of them after an intercept update with n encounters of the other half ({update['draws']}"
    yield (
        f"draws): none {update['none']:.4f}; "
        + "; ".join(f"{size} {value:.4f}" for size, value in update["intercept_by_n"].items())
        + f"; all {update['intercept_all']['n']:,} {update['intercept_all']['ici']:.4f}."
    )
    yield ""


def describe_groups(subgroups: list[dict[str, Any]]) -> Iterator[str]:
    yield "## Subgroups"
    yield ""
    yield "| group | n | events | AUROC | O:E | slope |"
    yield "|---|---|---|---|---|---|"
    for each in subgroups:
        cells = [f"{each[key]:.2f}" if key in each else "too few events" for key in ("auroc", "oe", "slope")]
        yield f"| {each['group']}: {each['label']} | {each['n']:,} | {each['events']:,} | " + " | ".join(cells) + " |"
    yield ""
    outliers = find_outliers(subgroups)
    if outliers:
        yield "Off by more than 0.10:"
        yield ""
        yield from (f"- {line}" for line in outliers)
    else:
        yield "No subgroup with at least 100 events has an O:E off by more than 0.10."
    yield ""


def describe_targets(evaluation: Mapping[str, Any]) -> Iterator[str]:
    yield "## Targets registered before training"
    yield ""
    yield "| what | asked | found | met |"
    yield "|---|---|---|---|"
    for target in judge(evaluation):
        yield f"| {target.what} | {target.asked} | {target.found} | {'yes' if target.met else 'no'} |"
    yield ""


def describe_updates(history: list[dict[str, Any]]) -> Iterator[str]:
    yield "## Recalibrations"
    yield ""
    if not history:
        yield "None: the model is not calibrated to any local population."
        return
    for entry in history:
        yield (
            f"- {entry['version']}: {entry['kind']} on {entry['data']} ({entry['n']:,} encounters, {entry['events']:,} "
            f"events), ICI {entry['before']['ici']:.4f} before, {entry['after']['ici']:.4f} after; "
            f"approved by {entry['approved_by']}"
        )
