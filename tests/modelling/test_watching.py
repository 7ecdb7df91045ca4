"""Labels and the course of a model over time."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from cds_service.errors import BadData
from cds_service.modelling.labels import label_predictions, read_outcomes, write_rows
from cds_service.modelling.measures import recalibrated
from cds_service.modelling.show import show_windows
from cds_service.modelling.watch import stability, watch
from tests.modelling.invented import chances, happened

HEAD = "decision,patient,date,model,version,probability,age\n"
MONTH = timedelta(days=30)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_an_event_within_the_horizon_labels_the_prediction(tmp_path: Path) -> None:
    predictions = write(
        tmp_path / "predictions.csv",
        HEAD
        + "d1,p1,2026-01-01,m,1,0.1,60\n"  # back on the 20th
        + "d2,p2,2026-01-01,m,1,0.2,61\n"  # back after 40 days: too late
        + "d3,p3,2026-01-01,m,1,0.3,62\n"  # never back
        + "d4,p3,2026-02-20,m,1,0.3,62\n"  # the outcomes do not reach 30 days on
        + "d5,p9,2026-02-20,m,1,0.3,62\n",  # told by decision
    )
    outcomes = write(
        tmp_path / "outcomes.csv",
        "decision,patient,date,outcome\n,p1,2026-01-20,1\n,p2,2026-02-10,1\n,p3,2026-03-01,0\nd5,,2026-03-01,1\n",
    )
    labelled, waiting = label_predictions(predictions, read_outcomes(outcomes), MONTH)
    assert {row["decision"]: row["outcome"] for row in labelled} == {"d1": "1", "d2": "0", "d3": "0", "d5": "1"}
    assert waiting == 1
    write_rows(tmp_path / "labelled.csv", labelled)
    assert (tmp_path / "labelled.csv").read_text().splitlines()[0] == HEAD.strip() + ",outcome"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,outcome\n2026-01-01,1\n", "line 2: expected a decision or a patient"),
        ("patient,date,outcome\np,2026-01-01,yes\n", "line 2: outcome: found 'yes', expected 0 or 1"),
        ("patient,date,outcome\np,January,1\n", "line 2: date: found 'January', expected YYYY-MM-DD"),
        ("patient,outcome\np,1\n", "line 1: expected the columns date"),
        ("patient,date,outcome\n", "no rows"),
    ],
)
def test_outcomes_that_cannot_be_read_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadData) as error:
        read_outcomes(write(tmp_path / "outcomes.csv", text))
    assert said in str(error.value)


def labelled_rows(shift: float = 0.0) -> list[dict[str, str]]:
    """Two windows; in the second, risk is understated by `shift` on the log odds."""
    chance = chances(2000)
    truth = np.concatenate([chance[:1000], recalibrated(chance[1000:], shift)])
    return [
        {
            "decision": str(number),
            "patient": str(number),
            "date": (date(2026, 1, 1) + timedelta(days=number // 20)).isoformat(),
            "model": "m",
            "version": "1",
            "probability": repr(float(risk)),
            "ward": "a" if number < 1000 else "b" if shift else "a",
            "outcome": str(int(event)),
        }
        for number, (risk, event) in enumerate(zip(chance, happened(truth), strict=True))
    ]


def test_a_model_that_stays_right_raises_no_alarm() -> None:
    windows = watch(labelled_rows(), {"psi": 0.25, "oe_low": 0.8, "oe_high": 1.25}, 1000)
    assert [window["alarms"] for window in windows] == [[], []]
    assert windows[0]["psi"] == {"ward": 0.0, "probability": 0.0}


def test_drift_of_inputs_and_of_calibration_is_told_apart() -> None:
    windows = watch(labelled_rows(1.0), {"psi": 0.25, "oe_low": 0.8, "oe_high": 1.25}, 1000)
    assert windows[0]["alarms"] == []
    moved, ratio = windows[1]["alarms"]
    assert moved.startswith("ward has moved: PSI")
    assert ratio.startswith("observed to expected is 2.")
    text = show_windows(windows)
    assert "ward has moved" in text.splitlines()[2]


def test_the_stability_index_is_worked_out_by_hand() -> None:
    """Shares 0.5 and 0.5 become 0.75 and 0.25: 0.25 ln 1.5 - 0.25 ln 0.5 = 0.2747."""
    assert stability(["a", "a", "b", "b"], ["a", "a", "a", "b"]) == pytest.approx(0.2747, abs=1e-4)
    assert stability(["0", "0", "1", "1"], ["0", "0", "0", "1"]) == pytest.approx(0.2747, abs=1e-4)


def test_too_few_labels_and_impossible_risks_are_refused() -> None:
    with pytest.raises(BadData, match=r"100 .*predictions: at least 500"):
        watch(labelled_rows()[:100], {})
    wrong = [{**row, "probability": "1.3"} for row in labelled_rows()]
    with pytest.raises(BadData, match=r"found '1\.3', expected 0 to 1"):
        watch(wrong, {})
