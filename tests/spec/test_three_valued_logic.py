"""Every statement about a patient is true, false or unknown. These tables say how such statements combine.

"Unknown" means nobody can say yet: the list was not sent, the value is too old, the drug was not recognised. It is
never read as "no". Source: Kleene's strong logic of indeterminacy.
"""

import pytest

from cds_service.chart.facts import Reason
from cds_service.reasoning.conditions import weigh
from cds_service.reasoning.findings import Missing
from cds_service.reasoning.logic import Truth, all_of, any_of, negate
from cds_service.reasoning.verdicts import Verdict
from tests.support.charts import a_chart, a_line, all_lines, any_line, not_line, number

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN

# Read: left, right, "left and right". One false settles it, whatever the other turns out to be.
AND = [
    (T, T, T),
    (T, U, U),
    (T, F, F),
    (U, T, U),
    (U, U, U),
    (U, F, F),
    (F, T, F),
    (F, U, F),
    (F, F, F),
]

# Read: left, right, "left or right". One true settles it, whatever the other turns out to be.
OR = [
    (T, T, T),
    (T, U, T),
    (T, F, T),
    (U, T, T),
    (U, U, U),
    (U, F, U),
    (F, T, T),
    (F, U, U),
    (F, F, F),
]

# Read: statement, "not statement". The opposite of unknown is unknown.
NOT = [
    (T, F),
    (U, U),
    (F, T),
]

# An INR of 5 and no age: three lines of known truth to build conditions from.
CHART = a_chart(inr=number(5, "{INR}"))
LINES = {
    T: a_line("inr", "above", 4, unit="{INR}"),
    F: a_line("inr", "below", 4, unit="{INR}"),
    U: a_line("age", "above", 65, unit="a"),
}


@pytest.mark.parametrize(("left", "right", "both"), AND)
def test_and_is_false_as_soon_as_one_is_false_and_true_only_if_both_are(left: Truth, right: Truth, both: Truth) -> None:
    assert all_of([left, right]) is both
    assert weigh(all_lines(LINES[left], LINES[right]), CHART, {}).truth is both


@pytest.mark.parametrize(("left", "right", "either"), OR)
def test_or_is_true_as_soon_as_one_is_true_and_false_only_if_both_are(left: Truth, right: Truth, either: Truth) -> None:
    assert any_of([left, right]) is either
    assert weigh(any_line(LINES[left], LINES[right]), CHART, {}).truth is either


@pytest.mark.parametrize(("statement", "opposite"), NOT)
def test_not_leaves_unknown_unknown(statement: Truth, opposite: Truth) -> None:
    assert negate(statement) is opposite
    assert weigh(not_line(LINES[statement]), CHART, {}).truth is opposite


@pytest.mark.parametrize(("left", "right", "both"), AND)
def test_not_both_is_the_same_as_either_not(left: Truth, right: Truth, both: Truth) -> None:
    assert negate(both) is any_of([negate(left), negate(right)])
    assert negate(any_of([left, right])) is all_of([negate(left), negate(right)])


def test_all_of_nothing_is_true_and_any_of_nothing_is_false() -> None:
    assert all_of([]) is T
    assert any_of([]) is F


def test_what_comes_after_the_deciding_statement_is_not_read() -> None:
    def statements(deciding: Truth):  # type: ignore[no-untyped-def]
        yield U
        yield deciding
        pytest.fail("read on after the answer was certain")

    assert all_of(statements(F)) is F
    assert any_of(statements(T)) is T


def test_not_of_an_unknown_names_what_is_missing() -> None:
    assert weigh(not_line(LINES[U]), CHART, {}).missing == (Missing("value", "age", Reason.NOT_REQUESTED),)


def test_not_of_an_assumption_tells_the_assumption() -> None:
    assumed_old = a_line("age", "above", 65, unit="a", if_missing=True)
    verdict = weigh(not_line(assumed_old), CHART, {})
    assert verdict.truth is F
    assert verdict.assumed == ("age above 65 years: assumed so (not requested)",)


# A line on a drug that is not there to be read: nobody can say, and there is nothing to name.
UNSEEN = a_line("b.is_draft", "is", True)


def test_a_line_on_a_drug_that_is_not_bound_is_unknown() -> None:
    assert weigh(UNSEEN, CHART, {}) == Verdict(U)
    assert weigh(not_line(UNSEEN), CHART, {}).truth is U


def test_a_line_that_can_be_read_does_not_settle_one_that_cannot() -> None:
    both, either = all_lines(UNSEEN, LINES[T]), any_line(UNSEEN, LINES[F])
    assert weigh(both, CHART, {}) == Verdict(U, {"inr": CHART.value("inr")})
    assert weigh(either, CHART, {}) == Verdict(U, {"inr": CHART.value("inr")})
    assert weigh(not_line(both), CHART, {}).truth is U
