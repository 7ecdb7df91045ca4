"""Results as multiples of the upper limit of normal that came with them."""

from typing import Any

import pytest

from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.chart.observations import patient_values
from cds_service.fhir.received import KeyResult
from tests.support.observed import NOW, ZONE, observation, partial, problems, quantity, received, whole

ALT, BILIRUBIN = "1742-6", "1975-2"


def result(value: float, unit: str | None, *ranges: dict[str, Any], code: str = ALT, **more: Any) -> Any:
    return observation(code, value, unit, referenceRange=list(ranges), **more)


def up_to(value: float, unit: str | None = None, kind: str | None = None) -> dict[str, Any]:
    plain: dict[str, Any] = {"high": quantity(value, unit)}
    return {**plain, "type": {"coding": [{"code": kind}]}} if kind else plain


def times(name: str, labs: KeyResult) -> Fact[Any]:
    return patient_values(received(labs=labs), frozenset({name}), problems(), NOW, ZONE)[0][name]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (result(120, "U/L", up_to(40, "U/L")), 3.0),  # 120 / 40
        (result(120, "U/L", up_to(40)), 3.0),
        (result(120, "U/L", up_to(40, "[IU]/L", "normal")), 3.0),
        (result(120, "U/L", up_to(40), up_to(30, kind="treatment")), 3.0),
    ],
)
def test_a_result_is_divided_by_the_limit_sent_with_it(resource: Any, expected: float) -> None:
    fact = times("alt_times_uln", whole(resource))
    assert isinstance(fact, Known)
    assert (fact.value, fact.unit) == (expected, "{ULN}")


def test_result_and_limit_may_come_in_different_units() -> None:
    # 34.2 umol/L is 2.0 mg/dL (584.66 g/mol: 1.99954); limit 1.0 mg/dL
    fact = times("bilirubin_times_uln", whole(result(34.2, "umol/L", up_to(1.0, "mg/dL"), code=BILIRUBIN)))
    assert isinstance(fact, Known)
    assert fact.value == pytest.approx(1.99954, abs=1e-5)


def test_ast_has_its_own_limit() -> None:
    fact = times("ast_times_uln", whole(result(70, "U/L", up_to(35), code="1920-8")))
    assert isinstance(fact, Known)
    assert fact.value == 2.0


@pytest.mark.parametrize(
    "ranges",
    [
        (),
        ({"low": quantity(5, "U/L")},),
        (up_to(40), up_to(55)),
        (up_to(40, "mg/dL"),),
        (up_to(0),),
        ({"high": {"unit": "U/L"}},),
    ],
)
def test_no_limit_is_ever_assumed(ranges: tuple[dict[str, Any], ...]) -> None:
    fact = times("alt_times_uln", whole(result(120, "U/L", *ranges)))
    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.detail) == (Reason.NOT_RECORDED, "upper limit of normal of ALT not recorded")


@pytest.mark.parametrize(
    ("labs", "reason"),
    [
        (whole(), Reason.NOT_RECORDED),
        (partial(Reason.TIMED_OUT), Reason.TIMED_OUT),
        (whole(result(120, "U/L", up_to(40), days=91)), Reason.TOO_OLD),
    ],
)
def test_what_the_result_lacks_its_multiple_lacks(labs: KeyResult, reason: Reason) -> None:
    fact = times("alt_times_uln", labs)
    assert isinstance(fact, Unknown)
    assert fact.reason is reason
