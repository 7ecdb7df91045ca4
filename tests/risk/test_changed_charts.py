"""What a score would be on a chart that a suggestion leaves: the result alone, without its parts."""

from dataclasses import replace
from typing import Any

import pytest

from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.knowledge.bundle import ModelKind
from cds_service.risk.lists import arrange, arrange_problems
from cds_service.risk.score import result_on
from tests.risk.bundles import bundle
from tests.risk.charts import MMHG, for_prevent, icd, taking
from tests.support.charts import a_chart, number

APIXABAN, IBUPROFEN = "1364430", "5640"


def test_the_result_alone_is_that_of_the_published_example() -> None:
    # Khan et al. 2023, as preventr tests it: 14.7 % total, 9.2 % ASCVD, 8.1 % heart failure.
    prevent, chart = bundle("prevent-base-10y"), arrange(for_prevent())
    said = [round(result_on(prevent, each, chart) or 0, 3) for each in ("total_cvd", "ascvd", "heart_failure")]
    assert said == [0.147, 0.092, 0.081]


def test_without_the_nsaid_has_bled_is_one_point_lower() -> None:
    # Pisters et al. 2010: a systolic pressure above 160, an age above 65 and an NSAID are one point each.
    values: dict[str, Any] = {"age": number(78, "a"), "sbp": number(170, MMHG), "sex": Known("female")}
    with_nsaid = a_chart(medications=taking(APIXABAN, IBUPROFEN), **values)
    without = a_chart(medications=taking(APIXABAN), **values)
    has_bled = bundle("has-bled")
    assert [result_on(has_bled, has_bled.outcomes[0].id, arrange(chart)) for chart in (with_nsaid, without)] == [3, 2]


@pytest.mark.parametrize(
    "changes", [{"conditions": icd("I21.4")}, {"values": {"sex": Unknown(Reason.NOT_RECORDED)}}], ids=["whom", "input"]
)
def test_a_model_that_refuses_has_no_result(changes: dict[str, Any]) -> None:
    prevent = bundle("prevent-base-10y")
    assert result_on(prevent, "total_cvd", arrange(for_prevent(**changes))) is None


def test_a_model_on_another_server_was_not_asked_about_the_changed_chart() -> None:
    remote = replace(bundle("prevent-base-10y"), kind=ModelKind.REMOTE)
    assert result_on(remote, "total_cvd", arrange(for_prevent())) is None


def test_problems_arranged_before_give_the_same_result() -> None:
    prevent, chart = bundle("prevent-base-10y"), for_prevent()
    again = arrange(chart, arrange_problems(chart.conditions))
    assert round(result_on(prevent, "total_cvd", again) or 0, 3) == 0.147  # Khan et al. 2023, as above
