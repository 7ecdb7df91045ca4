"""Dates on cards are those of the site's time zone."""

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from tests.support.requests import a_patient


def test_a_card_shows_the_day_it_was_at_the_site(client_of: Callable[..., FlaskClient]) -> None:
    # 20 Nov 2026 23:30 UTC is 21 Nov 00:30 in Vienna (UTC+1 in winter).
    case = (
        a_patient("P1", birthDate="1950-01-01", gender="male")
        .with_lab("2160-0", 4.0, "mg/dL", "2026-11-20T23:30:00Z")
        .ordering("861004", "metformin hydrochloride 1000 MG Oral Tablet")
        .as_of("2026-11-21T12:00:00Z")
    )

    def detail(zone: str) -> str:
        answer: Any = client_of({"timezone": zone}).post("/cds-services/medication-order-sign", json=case.order_sign())
        return str(answer.get_json()["cards"][0]["detail"])

    assert "21 Nov 2026, today" in detail("Europe/Vienna")
    assert "20 Nov 2026, yesterday" in detail("UTC")
