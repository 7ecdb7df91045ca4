"""A session with very many orders is answered with bounded work, or refused in words."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.presenting import verify
from cds_service.presenting.offer import tries
from tests.support.requests import PatientCase, a_patient
from tests.support.schemas import problems

ROUTE = "/cds-services/medication-order-sign"
DRUGS = ("849574", "855332", "861004", "308191", "312961", "197517", "197806", "198211", "310965", "314076")


def with_orders(number: int) -> PatientCase:
    case = a_patient(birthDate="1946-01-01").with_lab("2160-0", 4.0, "mg/dL", "2026-11-10").as_of("2026-11-20")
    for place in range(number):
        case = case.ordering(DRUGS[place % len(DRUGS)], f"drug {place}", dose=1, per_day=2)
    return case


def test_fifty_orders_are_answered_and_few_suggestions_tried(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Any] = []
    evaluate = verify.evaluate
    monkeypatch.setattr(verify, "evaluate", lambda *given, **more: tried.append(given) or evaluate(*given, **more))
    answer = client.post(ROUTE, json=with_orders(50).order_sign())
    assert answer.status_code == 200
    assert problems("response", answer.data) == []
    cards = answer.json["cards"]  # type: ignore[index]
    assert any(card.get("suggestions") for card in cards)
    assert 0 < len(tried) <= 2 * tries(50) * len(cards)  # its own rule first, then all of them


@pytest.mark.parametrize(("orders", "most"), [(0, 12), (1, 12), (15, 12), (50, 3), (100, 3), (30, 6)])
def test_the_more_orders_the_fewer_suggestions_a_card_tries(orders: int, most: int) -> None:
    assert tries(orders) == most


def test_more_than_a_hundred_drug_orders_are_refused(client: FlaskClient) -> None:
    answer = client.post(ROUTE, json=with_orders(101).order_sign())
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["issue"][0]["expression"] == ["context.draftOrders"]
    assert "101 drug orders, expected at most 100" in answer.json["issue"][0]["diagnostics"]
