"""Whether a model gives what another implementation of it gives."""

from collections.abc import Iterable, Iterator

from cds_service.errors import KnowledgeProblem
from cds_service.knowledge.bundle import Bundle, Golden
from cds_service.knowledge.golden_rows import golden_file
from cds_service.risk.predict import predict_outcome
from cds_service.risk.prediction import Predictors

CLOSE_ENOUGH = 1e-9


def check_golden(bundle: Bundle, rows: Iterable[Golden]) -> Iterator[KnowledgeProblem]:
    """Every golden row that comes out otherwise, by more than 1e-9 of the result (of 1, for smaller ones)."""
    file = golden_file(bundle)
    outcomes = {outcome.id: outcome for outcome in bundle.outcomes}
    for row in rows:
        if row.outcome not in outcomes:
            yield KnowledgeProblem(file, f"row {row.line}", f"there is no outcome {row.outcome!r}")
            continue
        found = predict_outcome(bundle, Predictors(row.inputs), outcomes[row.outcome]).result
        if abs(found - row.expected) > CLOSE_ENOUGH * max(abs(row.expected), 1.0):
            message = f"expected {row.expected!r}, the model gives {found!r}"
            yield KnowledgeProblem(file, f"row {row.line}", message)
