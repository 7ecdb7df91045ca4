"""What a question of a model lacks, in words."""

import pytest

from cds_service.chart.facts import Reason
from cds_service.reasoning.findings import Missing
from cds_service.risk.questions import say_missing


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (Missing("value", "creatinine", Reason.NOT_SENT), "creatinine not sent"),
        (
            Missing("value", "bilirubin_times_uln", Reason.NOT_RECORDED, "bilirubin not recorded"),
            "bilirubin not recorded",
        ),
        (
            Missing("value", "creatinine", Reason.TOO_OLD, "creatinine of 9 Jul 2020"),
            "creatinine of 9 Jul 2020 too old",
        ),
        (Missing("list", "conditions", Reason.UNRECOGNISED, "a text"), "conditions unrecognised (a text)"),
    ],
)
def test_what_a_question_lacks_is_named_once(missing: Missing, said: str) -> None:
    assert say_missing((missing, missing)) == said
