"""Real patients run from chart to predictors without a crash; how often each predictor is known is printed."""

import json
from dataclasses import replace

import pytest

from cds_service.app import Application
from cds_service.population.score import ScoreRow, cover, say_coverage, score_rows
from cds_service.record.decision import DecisionRecord
from cds_service.trust.callers import local_caller
from tests.risk_serving.mimic import discharges
from tests.support.shared import needs_shared


@needs_shared
def test_a_hundred_real_patients_are_scored_at_discharge(
    application: Application, capsys: pytest.CaptureFixture[str]
) -> None:
    kept: list[DecisionRecord] = []
    keeping = replace(application, write=lambda record, milliseconds: kept.append(record))
    services = {each.hook: each for each in application.release.services}
    rows: list[ScoreRow] = []
    for id, request in discharges(dict(services["encounter-discharge"].prefetch)):
        for hook in ("encounter-discharge", "patient-view"):
            body = json.dumps({**request, "hook": hook}).encode()
            answer = keeping.answer(body, services[hook], local_caller("test"))
            assert "could not be run" not in answer.encode().decode()
            rows += score_rows(id, kept.pop(), application.release.models)
    assert len({row.file for row in rows}) == 100
    predicted = [row for row in rows if row.model == "readmission-30d" and row.result is not None]
    assert all(0 < row.result < 1 for row in predicted if row.result is not None)
    shares = {(each.model, each.predictor): each for each in cover(rows)}
    assert shares["lace", "length_of_stay"].known == 100
    assert shares["readmission-30d", "sex"].known == 100
    with capsys.disabled():
        print(f"\n{say_coverage(cover(rows))}\nreadmission-30d predicts for {len(predicted)} of 100")
