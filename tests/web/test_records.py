"""What callers and operators see of the records: health, readiness, and an answer that is refused without one."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.errors import NotRecorded
from cds_service.record.decision import DecisionRecord
from cds_service.store.store import StoreHealth
from tests.support.requests import a_patient, body

ORDER = body(a_patient().taking("855332").ordering("197806").order_sign())
WELL = StoreHealth("", 0, 0, "")


class Stub:
    """A store of which only the health is asked."""

    def __init__(self, health: StoreHealth) -> None:
        self.found = health

    def health(self) -> StoreHealth:
        return self.found


def test_a_decision_that_could_not_be_recorded_is_not_given_where_the_site_wants_none(
    client_of: Callable[..., FlaskClient],
) -> None:
    def refuse(record: DecisionRecord, milliseconds: float) -> None:
        raise NotRecorded(record.decision_id)

    answer = client_of(write=refuse).post(
        "/cds-services/medication-order-sign", data=ORDER, content_type="application/json"
    )
    assert answer.status_code == 503
    (issue,) = answer.get_json()["issue"]
    assert (issue["code"], issue["diagnostics"]) == (
        "transient",
        "the decision could not be recorded, so it is not given",
    )


@pytest.mark.parametrize(
    ("health", "status"),
    [
        (WELL, "ok"),
        (StoreHealth("OperationalError", 0, 0, ""), "degraded"),
        (StoreHealth("", 5000, 0, ""), "degraded"),
        (StoreHealth("", 0, 1, ""), "ok"),  # what was lost last week is counted, and nothing is wrong now
        (StoreHealth("", 0, 0, "OSError"), "degraded"),
        (StoreHealth("", 0, 1, "", damaged=1), "degraded"),
    ],
)
def test_health_is_red_while_records_wait(
    client_of: Callable[..., FlaskClient], health: StoreHealth, status: str
) -> None:
    client = client_of(store=Stub(health))
    assert client.get("/health").get_json() == {"status": status}
    told: dict[str, Any] = json.loads(client.get("/ready").data)["records"]
    assert told == {
        **{"away": health.away, "spooled": health.spooled, "lost": health.lost},
        **{"upkeep": health.upkeep, "damaged": health.damaged},
    }


def test_from_elsewhere_nothing_of_it_is_told(client_of: Callable[..., FlaskClient]) -> None:
    client = client_of(store=Stub(WELL))
    answer = client.get("/ready", environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert answer.get_json() == {"status": "ready"}
