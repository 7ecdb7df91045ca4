"""What another release would have said of the cards of risk models, on the patient of 13 in 100 over ten years."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cds_service.app import Application
from cds_service.governance.many import ids_since
from cds_service.governance.simulate import compare_each, prepare
from cds_service.governance.simulated import say_simulation
from cds_service.governance.simulation import Kind, Simulation, Tally, tally
from cds_service.governance.switching import without_model
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Indicator, Status
from cds_service.store.outcomes import read_outcomes
from cds_service.store.store import Places
from tests.governance.test_documented_change import RISK_CARDS
from tests.risk_serving.patients import without_a_statin
from tests.support.ward import DAY, Ward, a_ward

PREVENT = "prevent-base-10y"
REASON = "specialist-advice"
DECISION = "00000000-0000-4000-8000-000000000001"
"""The id that the page has for a decision."""


@pytest.fixture
def clinic(application: Application, places: Places) -> Iterator[Ward]:
    """A service with one model, whose card stays away for 30 days once it was overridden."""
    with a_ward(application, places) as ward:
        model = next(each for each in application.release.models if each.id == PREVENT)
        yield ward.scores(replace(model, card=replace(model.card, snooze="P30D")))


def simulate(clinic: Ward, other: Release) -> Simulation:
    store = clinic.store
    trial = prepare(store.records, store.ring, read_outcomes(store.database, 0.0), clinic.application.release, other)
    return tally(compare_each(trial, ids_since(store.records, 0.0, repeats=False)))


def with_model(clinic: Ward, **members: Any) -> Release:
    """The clinic's release, its model with other members."""
    (model,) = clinic.application.release.models
    return replace(clinic.application.release, digest="other", models=(replace(model, **members),))


def moved(model: Bundle, start: float) -> Any:
    """The bands of a model, the one without a card up to `start`."""
    low, raised, *higher = model.bands
    return (replace(low, end=start), replace(raised, start=start), *higher)


def test_a_model_that_is_switched_off_removes_its_cards_and_says_what_became_of_them(clinic: Ward) -> None:
    shown = clinic.opens(without_a_statin())
    clinic.overrides(shown, REASON)
    found = simulate(clinic, without_model(clinic.application.release, PREVENT, "drift"))
    assert (found.decisions, found.touched, found.rules) == (1, 1, {})
    assert found.models == {PREVENT: {"info": Tally(removed=1, removed_overridden=1)}}
    (case,) = found.risk_samples
    assert (case.kind, case.was, case.now, case.became) == (Kind.REMOVED, "info", "", "overridden")
    assert case.said == shown.cards[0]["summary"]


def test_a_threshold_above_the_risk_removes_the_card_and_one_below_it_adds_it(clinic: Ward) -> None:
    (model,) = clinic.application.release.models
    strict = with_model(clinic, bands=moved(model, 0.15))
    clinic.opens(without_a_statin())
    assert simulate(clinic, strict).models == {PREVENT: {"info": Tally(removed=1)}}
    clinic.scores(*strict.models)
    assert simulate(clinic, with_model(clinic, bands=model.bands)).models == {PREVENT: {"info": Tally(added=1)}}


def test_a_band_of_another_urgency_changes_the_card(clinic: Ward) -> None:
    (model,) = clinic.application.release.models
    bands = tuple(replace(band, indicator=Indicator.WARNING) if band.indicator else band for band in model.bands)
    clinic.opens(without_a_statin())
    found = simulate(clinic, with_model(clinic, bands=bands))
    assert found.models == {PREVENT: {"info to warning": Tally(changed=1)}}


def test_another_band_of_the_same_urgency_changes_the_card(clinic: Ward) -> None:
    (model,) = clinic.application.release.models
    bands = tuple(replace(band, name=f"{band.name} here") for band in model.bands)
    clinic.opens(without_a_statin())
    found = simulate(clinic, with_model(clinic, bands=bands))
    (case,) = found.risk_samples
    assert (case.kind, case.was, case.now, case.now_band) == (Kind.CHANGED, "info", "info", f"{case.was_band} here")


def test_a_shorter_snooze_adds_cards_that_repeat_an_override(clinic: Ward) -> None:
    clinic.overrides(clinic.opens(without_a_statin()), REASON)
    clinic.waits(10 * DAY)
    assert clinic.opens(without_a_statin()).says == []
    (model,) = clinic.application.release.models
    found = simulate(clinic, with_model(clinic, card=replace(model.card, snooze="P7D")))
    assert (found.decisions, found.touched) == (2, 1)
    assert found.models == {PREVENT: {"info": Tally(added=1, added_repeats=1)}}


def test_a_model_on_trial_that_becomes_active_adds_its_cards(clinic: Ward) -> None:
    clinic.scores(*with_model(clinic, status=Status.SILENT).models).opens(without_a_statin())
    found = simulate(clinic, with_model(clinic, status=Status.ACTIVE))
    assert found.models == {PREVENT: {"info": Tally(added=1)}}


def test_a_model_of_one_tenant_alone_is_compared_for_that_tenant(clinic: Ward) -> None:
    clinic.opens(without_a_statin())
    clinic.at("county").opens(without_a_statin())
    own = replace(clinic.application.release, models=())
    found = simulate(clinic, replace(clinic.application.release, digest="other", tenants={"county": own}))
    assert (found.decisions, found.touched) == (2, 1)
    assert found.models == {PREVENT: {"info": Tally(removed=1)}}


def test_models_that_say_the_same_change_nothing(clinic: Ward) -> None:
    clinic.opens(without_a_statin())
    found = simulate(clinic, with_model(clinic, title="Another title"))
    assert (found.touched, found.models, found.risk_samples) == (0, {}, [])
    assert list(say_simulation(found))[-1] == "No alert and no risk card would have been added, removed or changed."


def test_the_terminal_lists_risk_cards_by_model_and_indicator_with_a_case_as_the_page_shows(clinic: Ward) -> None:
    shown = clinic.opens(without_a_statin())
    clinic.overrides(shown, REASON)
    lines = list(say_simulation(simulate(clinic, without_model(clinic.application.release, PREVENT, "drift"))))
    assert lines[1:3] == ["1 decision would have come out otherwise.", ""]
    page = RISK_CARDS.replace(DECISION, shown.record.decision_id)
    assert lines[3:] == page.splitlines()
