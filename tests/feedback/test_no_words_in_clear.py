"""Nothing that a client writes in feedback is found on disk: the report is full of planted texts."""

from pathlib import Path

import pytest

from cds_service.store.store import Places
from cds_service.web.log import start_logging
from cds_service.web.routes import make_flask
from tests.quieting.rules import bleeding, with_ibuprofen
from tests.store.test_no_identifier_in_clear import bytes_on_disk
from tests.support.ward import Ward

PLANTED = (
    "card-7731-xq",
    "suggestion-7732-xq",
    "reason-7733-xq",
    "urn:system-7734-xq",
    "display-7735-xq",
    "Zorbenblatt",
)


def test_no_text_of_a_report_is_found_in_database_or_log(
    ward: Ward, places: Places, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    start_logging()
    card = ward.knows(bleeding()).signs(with_ibuprofen()).cards[0]["uuid"]
    unknown, suggestion, code, system, display, comment = PLANTED
    reason = {"reason": {"code": code, "system": system, "display": display}, "userComment": comment}
    events = [
        {"card": card, "outcome": "overridden", "overrideReason": reason},
        {"card": unknown, "outcome": "accepted", "acceptedSuggestions": [{"id": suggestion}], "overrideReason": reason},
        {"card": unknown, "outcome": comment},
    ]
    sent = {"feedback": [{"outcomeTimestamp": "2026-11-20T12:00:30Z", **event} for event in events]}
    answer = make_flask(ward.application).test_client().post("/cds-services/medication-order-sign/feedback", json=sent)
    assert (answer.status_code, answer.json["stored"]) == (200, 2)  # type: ignore[index]
    output = capfd.readouterr()
    everything = {**bytes_on_disk(places, tmp_path), "output": (output.out + output.err).encode()}
    assert '"event":"feedback"' in output.err
    leaks = [
        (name, mark)
        for name, found in everything.items()
        for mark in PLANTED
        if mark.encode() in found or mark.encode().hex().encode() in found  # PostgreSQL shows bytes as digits
    ]
    assert leaks == []
