"""How often the service speaks up when ordinary orders are signed, and whether each time is worth it.

`new.csv` and `continued.csv` hold every rule and drugs that speak, with a verdict and why. A line that appears, changes
its count or vanishes makes the test fail: run `python -m tests.quiet.rewrite`, read the changed lines like a
pharmacist, and mark the new ones. What is silly is mended in the rule.
"""

import pytest

from tests.quiet.alerts import answers
from tests.quiet.tables import LIMITS, SERIES, VERDICTS, count, rates, read
from tests.support.shared import needs_shared

pytestmark = [needs_shared, pytest.mark.shared]


@pytest.mark.parametrize("series", SERIES)
def test_what_speaks_up_is_what_was_reviewed(series: str) -> None:
    assert {line.alert: line.count for line in read(series)} == count(answers(series))


@pytest.mark.parametrize("series", SERIES)
def test_cards_stay_within_their_limits_per_hundred_orders(series: str) -> None:
    per_hundred = rates(answers(series))
    for indicator, limit in LIMITS[series].items():
        assert per_hundred[indicator] <= limit, per_hundred


@pytest.mark.parametrize("series", SERIES)
def test_every_line_is_judged_with_a_reason_and_none_is_silly(series: str) -> None:
    lines = read(series)
    assert [line for line in lines if line.verdict not in VERDICTS or len(line.why) < len("why")] == []
    assert [line for line in lines if line.verdict == "silly"] == []
