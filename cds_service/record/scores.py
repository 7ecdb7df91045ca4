"""Predictions as a record keeps them: the result and its exact parts; the model's texts stand in the release."""

from collections.abc import Mapping

import msgspec

from cds_service.reasoning.findings import Missing
from cds_service.risk.prediction import Prediction, Refusal


class StoredScore(msgspec.Struct, frozen=True, omit_defaults=True):
    """One outcome of one model, or its refusal with `reasons`.

    `result` is the probability, the points or the quantity; `parts` are contributions by their predictors, which with
    `intercept` sum up to the linear predictor or the points. `quiet` says why no card shows it.
    """

    model: str
    version: str
    outcome: str = ""
    result: float | None = None
    intercept: float = 0.0
    parts: Mapping[str, float] = {}
    band: str = ""
    missing: tuple[Missing, ...] = ()
    assumed: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    quiet: str = ""


NOT_QUIET: Mapping[str, str] = {}


def stored_score(scored: Prediction | Refusal, quiet: Mapping[str, str] = NOT_QUIET) -> StoredScore:
    reason = quiet.get(scored.model, "")
    if isinstance(scored, Refusal):
        return StoredScore(scored.model, scored.version, missing=scored.missing, reasons=scored.reasons, quiet=reason)
    return StoredScore(
        model=scored.model,
        version=scored.version,
        outcome=scored.outcome,
        result=scored.result,
        intercept=scored.intercept,
        parts={" with ".join(part.predictors): part.contribution for part in scored.contributions},
        band=scored.band.name if scored.band else "",
        missing=scored.missing,
        assumed=scored.assumed,
        quiet=reason,
    )
