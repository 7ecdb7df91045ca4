"""Orders whose dose is a slip."""

from typing import Any

from flask.testing import FlaskClient

from tests.support.requests import a_patient

GABAPENTIN_300, APIXABAN_5 = "310431", "1364445"


def summaries(client: FlaskClient, dose: float) -> list[str]:
    case = a_patient("P1", birthDate="1970-06-15").ordering(GABAPENTIN_300, dose=dose, per_day=3)
    answer: Any = client.post("/cds-services/medication-order-sign", json=case.order_sign())
    assert answer.status_code == 200
    return [card["summary"] for card in answer.get_json()["cards"]]


def test_a_dose_of_zero_is_said_and_not_taken_for_a_safe_one(client: FlaskClient) -> None:
    assert [said for said in summaries(client, 0) if "dose of zero" in said] != []
    assert [said for said in summaries(client, 1) if "dose of zero" in said] == []


def test_ten_times_the_most_is_named_as_a_likely_slip(client: FlaskClient) -> None:
    # The most is 20 mg a day: 20 tablets of 5 mg twice a day are 200 mg.
    case = a_patient("P1", birthDate="1970-06-15").ordering(APIXABAN_5, dose=20, per_day=2)
    answer: Any = client.post("/cds-services/medication-order-sign", json=case.order_sign())
    found = [card for card in answer.get_json()["cards"] if "slipped decimal point" in card["detail"]]
    assert [card["indicator"] for card in found] == ["critical"]
