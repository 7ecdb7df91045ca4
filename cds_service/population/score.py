"""What every running model says of many patients, and how often each of their predictors is known."""

import csv
from collections.abc import Iterable, Iterator
from typing import TextIO

import msgspec

from cds_service.chart.chart import Chart
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.terms import Value
from cds_service.record.decision import DecisionRecord
from cds_service.record.scores import stored_score
from cds_service.risk.predictors import read_predictors
from cds_service.risk.questions import read_facts
from cds_service.risk.score import Scored


class ScoreRow(msgspec.Struct, frozen=True):
    """One outcome of one model for one file, or why there is none. `inputs` are the predictors as the model takes
    them, None where unknown; `parts` are the contributions by predictors."""

    file: str
    model: str
    version: str
    outcome: str
    result: float | None
    band: str
    intercept: float
    parts: dict[str, float]
    inputs: dict[str, Value | None]
    reasons: tuple[str, ...]


COLUMNS = ("file", "model", "version", "outcome", "result", "band", "reasons")
"""Those of a row that a table holds."""


class Share(msgspec.Struct, frozen=True):
    """How many of the patients whom a model was asked about have a predictor known."""

    model: str
    predictor: str
    known: int
    asked: int


def score_rows(file: str, record: DecisionRecord, models: Iterable[Bundle]) -> Iterator[ScoreRow]:
    """What the models said in one call."""
    by_id = {bundle.id: bundle for bundle in models}
    for scored in record.scored:
        yield row_of(file, scored, read_inputs(by_id[scored.model], record.chart))


def read_inputs(bundle: Bundle, chart: Chart) -> dict[str, Value | None]:
    """The predictors of a model on a chart, by the function that hook calls and training use."""
    return dict(read_predictors(bundle, read_facts(bundle, chart)).values)


def row_of(file: str, scored: Scored, inputs: dict[str, Value | None]) -> ScoreRow:
    kept = stored_score(scored, {})
    return ScoreRow(
        file=file,
        model=kept.model,
        version=kept.version,
        outcome=kept.outcome,
        result=kept.result,
        band=kept.band,
        intercept=kept.intercept,
        parts=dict(kept.parts),
        inputs=inputs,
        reasons=kept.reasons,
    )


def write_lines(rows: Iterable[ScoreRow], out: TextIO) -> None:
    """One JSON object per row and line."""
    for row in rows:
        out.write(msgspec.json.encode(row).decode() + "\n")


def write_table(rows: Iterable[ScoreRow], out: TextIO) -> None:
    """A CSV file with `COLUMNS`; numbers with every digit they have."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        told = {**msgspec.structs.asdict(row), "reasons": "; ".join(row.reasons)}
        told["result"] = "" if row.result is None else repr(row.result)
        writer.writerow([told[name] for name in COLUMNS])


def cover(rows: Iterable[ScoreRow]) -> list[Share]:
    """How often each predictor is known, among the files in which its model had something to say."""
    asked: dict[str, set[str]] = {}
    known: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        asked.setdefault(row.model, set()).add(row.file)
        for name, value in row.inputs.items():
            known.setdefault((row.model, name), set()).update([] if value is None else [row.file])
    return [Share(model, name, len(files), len(asked[model])) for (model, name), files in known.items()]


def say_coverage(shares: Iterable[Share]) -> str:
    """One line for each predictor: model, predictor, how many of how many."""
    return "\n".join(
        f"{each.model:<22} {each.predictor:<26} {each.known:>6} of {each.asked:<6} {each.known / each.asked:>4.0%}"
        for each in shares
    )
