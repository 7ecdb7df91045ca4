"""A small sample of what `make fuzz` does in full: signed calls, described, broken and with odd FHIR data."""

from pathlib import Path

from cds_service.app import Application
from tests.contract.calls import Contract
from tests.contract.fuzz import fuzz


def test_no_call_gets_an_answer_that_is_not_documented(application: Application, tmp_path: Path) -> None:
    contract = Contract.of(application, tmp_path)
    fuzz(contract, 120, start=1)
    assert contract.statuses.total() >= 100
    assert {200, 400} <= set(contract.statuses)


def test_every_plain_route_is_answered_as_documented(application: Application, tmp_path: Path) -> None:
    contract = Contract.of(application, tmp_path)
    for path in ("/cds-services", "/health", "/ready"):
        assert contract.call("GET", path)
