"""The card of a risk model that was overridden stays away as a rule's does, and comes back when the risk is higher."""

from dataclasses import replace
from typing import Any

import pytest

from cds_service.governance.replay import encode, replay_under
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.rules import Indicator
from cds_service.record.canonical import canonical_bytes
from cds_service.record.reading import read_record
from cds_service.store.retention import remove_older
from tests.risk_serving.patients import leaving_hospital, without_a_statin
from tests.support.requests import PatientCase, a_patient
from tests.support.ward import BEN, DAY, HOUR, Ward

PREVENT, READMISSION, KIDNEYS = "prevent-base-10y", "readmission-30d", "kfre-4-north-america"
OVERRIDDEN = "overridden before"
QUIET = {PREVENT: OVERRIDDEN}
REASON = "specialist-advice"
"""One that the card of PREVENT offers. Its bands with a card are 7.5 to 20 in 100, and from 20 on."""


def a_model(ward: Ward, id: str = PREVENT, **card: Any) -> Bundle:
    bundle = next(each for each in ward.application.release.models if each.id == id)
    return replace(bundle, card=replace(bundle.card, **{"snooze": "P30D", **card}))


def with_pressure(systolic: int) -> PatientCase:
    """The patient of 13 in 100, with this systolic pressure in place of 158 mmHg."""
    return without_a_statin().with_vital("8480-6", systolic, "mm[Hg]", "2026-11-19")


def with_more_cholesterol() -> PatientCase:
    """The same patient with values for which the equation gives more than 20 in 100."""
    cholesterol = with_pressure(178).with_lab("2093-3", 315, "mg/dL", "2026-11-19")
    return cholesterol.with_lab("2085-9", 25, "mg/dL", "2026-11-19")


def with_kidneys(creatinine: float, albumin: int = 1000) -> PatientCase:
    """A woman of 70 with this much creatinine (mg/dL), and albumin in the urine (mg/g)."""
    return (
        a_patient(birthDate="1956-01-10")
        .with_lab("2160-0", creatinine, "mg/dL", "2026-11-10")
        .with_lab("9318-7", albumin, "mg/g", "2026-11-10")
    )


def overridden(ward: Ward, patient: PatientCase | None = None, **card: Any) -> Ward:
    """A ward in which the card was shown and overridden with a coded reason."""
    first = ward.scores(a_model(ward, **card)).opens(patient or without_a_statin())
    assert first.says == [PREVENT]
    ward.overrides(first, REASON)
    return ward


# It stays quiet.


def test_an_overridden_risk_is_not_said_again(ward: Ward) -> None:
    again = overridden(ward).opens(without_a_statin())
    assert (again.says, again.kept_quiet) == ([], QUIET)


def test_the_record_holds_what_the_model_said_then(ward: Ward) -> None:
    first = ward.scores(a_model(ward)).opens(without_a_statin())
    ward.overrides(first, REASON)
    (remembered,) = ward.opens(without_a_statin()).record.memory.risks
    assert (remembered.model, remembered.decision_id) == (PREVENT, first.record.decision_id)
    assert "about 13 in 100" in first.cards[0]["summary"]
    assert 0.125 <= remembered.results["ascvd"] < 0.135


def test_it_stays_quiet_until_the_last_hour_of_its_snooze(ward: Ward) -> None:
    overridden(ward).waits(30 * DAY - HOUR)
    assert ward.opens(without_a_statin()).kept_quiet == QUIET


@pytest.mark.parametrize("systolic", [135, 165], ids=["a lower risk", "a little higher in the same band"])
def test_another_risk_in_the_same_band_stays_quiet(ward: Ward, systolic: int) -> None:
    now = overridden(ward).opens(with_pressure(systolic))
    assert (now.says, now.kept_quiet) == ([], QUIET)


def test_a_risk_that_fell_into_a_lower_band_stays_quiet(ward: Ward) -> None:
    overridden(ward, with_more_cholesterol())
    assert ward.opens(without_a_statin()).kept_quiet == QUIET


def test_where_the_site_says_so_it_counts_for_everybody(ward: Ward) -> None:
    overridden(ward.remembering_for("patient")).user = BEN
    assert ward.opens(without_a_statin()).kept_quiet == QUIET


def test_the_rule_that_the_model_speaks_for_does_not_come_back_instead(ward: Ward) -> None:
    release = ward.application.release
    rule = release.rules["readmission-earlier-stays"]
    model = a_model(ward, READMISSION)
    ward.knows(rule)
    ward.application = replace(ward.application, release=replace(ward.application.release, models=(model,)))
    first = ward.discharges(leaving_hospital())
    assert first.says == [READMISSION]
    ward.overrides(first, REASON)
    assert ward.discharges(leaving_hospital()).says == []


def test_a_quiet_risk_replays_to_the_same_bytes(ward: Ward) -> None:
    overridden(ward)
    kept = canonical_bytes(ward.opens(without_a_statin()).record)
    assert encode(replay_under(read_record(kept), ward.application.release)) == kept


# It speaks again.


def test_a_risk_past_the_next_edge_is_said(ward: Ward) -> None:
    now = overridden(ward).opens(with_more_cholesterol())
    assert now.says == [PREVENT]
    assert [each.band for each in read_record(canonical_bytes(now.record)).scored if each.outcome == "ascvd"] == [
        "high"
    ]


# By hand from the published equations (CKD-EPI 2021, KFRE with 4 variables): 1.6, 2.0, 2.5 mg/dL give 6, 14, 25 in 100
# over 2 years, 2.9 mg/dL with 2000 mg/g gives 44; all are above 5 in 100 over 5 years. KDIGO 2024 acts at 10 and at 40.
@pytest.mark.parametrize(
    ("then", "now"),
    [(with_kidneys(1.6), with_kidneys(2.0)), (with_kidneys(2.5), with_kidneys(2.9, 2000))],
    ids=["past 10 in 100", "past 40 in 100"],
)
def test_kidneys_that_get_worse_are_said_again_at_the_next_edge_over_two_years(
    ward: Ward, then: PatientCase, now: PatientCase
) -> None:
    ward.overrides(ward.scores(a_model(ward, KIDNEYS)).opens(then), REASON)
    assert ward.opens(then).kept_quiet == {KIDNEYS: OVERRIDDEN}
    assert ward.opens(now).says == [KIDNEYS]


def test_kidneys_that_get_worse_between_two_edges_stay_quiet(ward: Ward) -> None:
    ward.overrides(ward.scores(a_model(ward, KIDNEYS)).opens(with_kidneys(2.0)), REASON)
    assert ward.opens(with_kidneys(2.5)).kept_quiet == {KIDNEYS: OVERRIDDEN}


def test_a_band_that_the_site_holds_to_be_more_urgent_is_said(ward: Ward) -> None:
    model = overridden(ward).application.release.models[0]
    bands = tuple(
        replace(band, indicator=Indicator.WARNING) if band.indicator is Indicator.INFO else band for band in model.bands
    )
    assert ward.scores(replace(model, bands=bands)).opens(without_a_statin()).says == [PREVENT]


def test_a_critical_risk_is_never_quiet(ward: Ward) -> None:
    model = a_model(ward)
    bands = tuple(replace(band, indicator=Indicator.CRITICAL) if band.indicator else band for band in model.bands)
    first = ward.scores(replace(model, bands=bands)).opens(without_a_statin())
    ward.overrides(first, REASON)
    assert ward.opens(without_a_statin()).says == [PREVENT]


def test_a_risk_that_is_computed_from_less_than_before_is_said(ward: Ward) -> None:
    ward.scores(a_model(ward, READMISSION))
    ward.overrides(ward.discharges(leaving_hospital()), REASON)
    assert ward.discharges(leaving_hospital()).says == []
    assert ward.discharges(leaving_hospital().without("labs")).says == [READMISSION]


@pytest.mark.parametrize(
    "reported",
    [{}, {"overrideReason": {"userComment": "he knows"}}, {"overrideReason": {"reason": {"code": "dismissed"}}}],
    ids=["no reason", "words alone", "a code that no card offers"],
)
def test_without_a_coded_reason_it_is_said(ward: Ward, reported: dict[str, Any]) -> None:
    first = ward.scores(a_model(ward)).opens(without_a_statin())
    ward.overrides(first, None, **reported)
    assert ward.opens(without_a_statin()).says == [PREVENT]


def test_an_ignored_risk_is_said(ward: Ward) -> None:
    ward.scores(a_model(ward)).opens(without_a_statin())
    assert ward.opens(without_a_statin()).says == [PREVENT]


def test_another_user_is_told(ward: Ward) -> None:
    overridden(ward).user = BEN
    assert ward.opens(without_a_statin()).says == [PREVENT]


def test_a_patient_of_another_tenant_with_the_same_id_is_another_patient(ward: Ward) -> None:
    overridden(ward)
    assert ward.at("general", tenant="general/west").opens(without_a_statin()).says == [PREVENT]
    assert ward.at("county").opens(without_a_statin()).says == [PREVENT]


def test_when_the_snooze_is_over_it_is_said(ward: Ward) -> None:
    overridden(ward).waits(30 * DAY)
    assert ward.opens(without_a_statin()).says == [PREVENT]


def test_a_model_without_a_snooze_is_always_said(ward: Ward) -> None:
    assert overridden(ward, snooze="").opens(without_a_statin()).says == [PREVENT]


def test_another_model_is_another_risk(ward: Ward) -> None:
    overridden(ward)
    other = replace(a_model(ward), id="prevent-other")
    assert ward.scores(other).opens(without_a_statin()).says == ["prevent-other"]


def test_of_two_risks_the_one_that_nobody_overrode_is_said(ward: Ward) -> None:
    first = ward.scores(a_model(ward), replace(a_model(ward), id="prevent-other")).opens(without_a_statin())
    assert first.says == [PREVENT, "prevent-other"]
    ward.overrides(replace(first, cards=[first.card(PREVENT)]), REASON)
    again = ward.opens(without_a_statin())
    assert (again.says, again.kept_quiet) == (["prevent-other"], QUIET)


def test_a_decision_whose_record_is_gone_is_not_remembered(ward: Ward) -> None:
    overridden(ward)
    remove_older(ward.store.database, ward.clock.now + DAY)
    assert ward.opens(without_a_statin()).says == [PREVENT]
