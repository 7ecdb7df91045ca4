"""One odd value at a time, anywhere in a call: an answer or a named error, never a failure of the service."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.requests import a_patient

ODD: tuple[Any, ...] = (
    *(0, -1, 5e-324, 1e308, 10**400, True, "", "x" * 5000, None, [], {}, [None]),
    *("2021-13", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "#", "http://[", "\u202e<b>|`*_"),
)
DOSAGE = {
    "text": "one tablet twice daily",
    "asNeededBoolean": False,
    "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "boundsDuration": {"value": 5, "code": "d"}}},
    "doseAndRate": [{"doseQuantity": {"value": 600, "code": "mg"}}],
    "maxDosePerPeriod": {"numerator": {"value": 1200, "code": "mg"}, "denominator": {"value": 1, "code": "d"}},
    "maxDosePerAdministration": {"value": 600, "code": "mg"},
}
CASE = (
    a_patient(birthDate="1946-01-01", gender="male")
    .taking("855332", "warfarin 5 MG")
    .with_lab("2160-0", 1.4, "mg/dL", "2026-11-10")
    .with_lab("6301-6", 4.8, "{INR}", "2026-11-10")
    .ordering("197806", "ibuprofen 600 MG", dosageInstruction=[DOSAGE])
    .as_of("2026-11-20")
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in `value`, outermost first."""
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places(member, (*path, name))


def with_value(request: Any, path: tuple[Any, ...], odd: Any) -> Any:
    changed = deepcopy(request)
    holder = changed
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = odd
    return changed


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
def test_no_single_odd_value_makes_the_service_fail(client: FlaskClient, odd: Any) -> None:
    request = CASE.order_sign()
    for path in places(request):
        answer = client.post("/cds-services/medication-order-sign", json=with_value(request, path, odd))
        assert answer.status_code in (200, 400, 412), path
