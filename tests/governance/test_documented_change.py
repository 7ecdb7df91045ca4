"""The example of docs/releases.md: its change gives the difference and the simulation that the page shows."""

import re
from datetime import date
from pathlib import Path

import pytest

from cds_service.app import Application
from cds_service.governance.diff import diff
from cds_service.governance.simulated import say_simulation
from cds_service.knowledge.release import Release
from tests.governance.conftest import Ward, bleeding, changed, small
from tests.governance.test_simulate import react, simulate

PAGE = Path(__file__).resolve().parents[2] / "docs" / "releases.md"
OVERLAY, DIFFERENCE, SIMULATION, RISK_CARDS = re.findall(
    r"```(?:toml|text)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL
)


@pytest.fixture(scope="module")
def documented(application: Application) -> Release:
    return small(changed(application, OVERLAY, date(2026, 11, 21)))


def test_the_difference_is_the_one_on_the_page(shipped: Release, documented: Release) -> None:
    assert list(diff(shipped, documented)) == DIFFERENCE.splitlines()


def test_the_simulation_is_the_one_on_the_page(ward: Ward, documented: Release) -> None:
    # Three patients on warfarin are given ibuprofen; one of the alerts was accepted, one overridden.
    for number, outcome in enumerate(("accepted", "overridden", "")):
        record = ward.sign(bleeding(f"p{number}"))
        if outcome:
            react(ward, record, outcome)
    assert list(say_simulation(simulate(ward, ward.shipped, documented))) == SIMULATION.splitlines()
