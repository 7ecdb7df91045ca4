"""Models on charts: who is asked, for whom they were made, what is missing, and what is told."""

from dataclasses import replace
from math import fsum
from typing import Any

import pytest

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.rules import Status
from cds_service.risk.predict import predict
from cds_service.risk.prediction import Prediction, Predictors, Refusal
from cds_service.risk.score import score
from tests.risk.bundles import bundle, read_shipped, say
from tests.risk.charts import GFR, MG_DL, MMHG, for_prevent, icd, snomed, taking
from tests.support.charts import a_chart, a_draft, number

APIXABAN, IBUPROFEN, HALOPERIDOL, FUROSEMIDE, MORPHINE, LORAZEPAM = "1364430", "5640", "5093", "4603", "7052", "6470"


def running(*ids: str) -> tuple[Bundle, ...]:
    return tuple(replace(bundle(id), status=Status.ACTIVE) for id in ids)


def predictions(*ids: str, chart: Chart) -> list[Prediction]:
    return [each for each in score(running(*ids), chart) if isinstance(each, Prediction)]


def predicted(id: str, chart: Chart, outcome: str = "") -> Prediction:
    return next(each for each in predictions(id, chart=chart) if outcome in ("", each.outcome))


def refused(id: str, chart: Chart) -> Refusal:
    (said,) = score(running(id), chart)
    assert isinstance(said, Refusal)
    return said


def test_the_published_example_of_prevent_comes_out_of_a_chart() -> None:
    # Khan et al. 2023, as preventr tests it: 14.7 % total, 9.2 % ASCVD, 8.1 % heart failure.
    said = {each.outcome: each for each in predictions("prevent-base-10y", chart=for_prevent())}
    assert {name: round(each.result, 3) for name, each in said.items()} == {
        "total_cvd": 0.147,
        "ascvd": 0.092,
        "heart_failure": 0.081,
        "chd": 0.044,
        "stroke": 0.054,
    }
    assert said["total_cvd"].band is None  # the guideline's limits are about heart attacks and strokes
    first = said["ascvd"]
    assert first.band is not None
    assert (first.band.name, first.points, first.quantity) == ("intermediate", None, None)
    assert first.to_lower == pytest.approx(0.092 - 0.075, abs=5e-4)
    assert first.to_upper == pytest.approx(0.2 - 0.092, abs=5e-4)


def test_ascvd_and_heart_failure_together_may_exceed_the_total() -> None:
    said = {each.outcome: each.result for each in predictions("prevent-base-10y", chart=for_prevent())}
    assert said["ascvd"] + said["heart_failure"] > said["total_cvd"]


def test_a_contribution_names_value_unit_date_and_whether_it_can_be_changed() -> None:
    total = predicted("prevent-base-10y", for_prevent())
    pressure = next(each for each in total.contributions if each.predictors == ("sbp",))
    assert (pressure.value, pressure.unit, pressure.modifiable) == (160, MMHG, True)
    assert pressure.as_of == for_prevent().value("sbp").as_of
    added = fsum(each.contribution for each in total.contributions)
    assert total.intercept + added == pytest.approx(total.total, abs=1e-9)


def test_the_interaction_with_age_is_credited_to_the_other_factor() -> None:
    # At 55 years every interaction with age is nil, so age alone must not change.
    older = predicted("prevent-base-10y", for_prevent(values={"age": number(65, "a")}))
    age = next(each for each in older.contributions if each.predictors == ("age",))
    assert age.contribution == pytest.approx(0.7939329, abs=1e-12)
    assert not [each for each in older.contributions if len(each.predictors) > 1]


def test_the_comparator_is_the_same_patient_with_other_values() -> None:
    smoker = for_prevent(values={"smoking_status": Known("current")})
    compared = predicted("prevent-base-10y", smoker).comparator
    without = predicted("prevent-base-10y", for_prevent(values={"sbp": number(120, MMHG)}))
    assert compared is not None
    assert compared.result == pytest.approx(without.result, abs=1e-12)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"sbp": number(181, MMHG)}, "systolic blood pressure 181 mmHg is outside 90 to 180 mmHg"),
        ({"sbp": number(89, MMHG)}, "systolic blood pressure 89 mmHg is outside 90 to 180 mmHg"),
        ({"total_cholesterol": number(321, MG_DL)}, "total cholesterol 321 mg/dL is outside 130 to 320 mg/dL"),
        ({"bmi": number(40, "kg/m2")}, "body mass index 40 kg/m² is outside 18.5 to 39.9 kg/m²"),
        ({"egfr_ckdepi2021": number(141, GFR)}, "eGFR (CKD-EPI 2021) 141 mL/min/1.73 m² is outside 15 to 140"),
        ({"age": number(80, "a")}, "made for people of 30 to 79 years"),
        ({"age": number(29, "a")}, "made for people of 30 to 79 years"),
        ({"hdl_cholesterol": Unknown(Reason.TOO_OLD, "HDL of 2 Jan 2019")}, "HDL cholesterol: HDL of 2 Jan 2019"),
        ({"sex": Unknown(Reason.NOT_RECORDED)}, "sex: not recorded"),
        ({"sbp": number(160, MMHG, at_least=True)}, "systolic blood pressure: only known to be at least 160"),
        ({"sbp": number(21, "kPa")}, "systolic blood pressure: in kPa, the model takes mm[Hg]"),
    ],
)
def test_prevent_refuses_outside_its_ranges_and_never_clamps(values: dict[str, Any], reason: str) -> None:
    refusal = refused("prevent-base-10y", for_prevent(values=values))
    assert any(each.startswith(reason) for each in refusal.reasons), refusal.reasons


def test_the_edges_of_the_ranges_belong_to_them() -> None:
    for values in ({"sbp": number(180, MMHG)}, {"sbp": number(90, MMHG)}, {"bmi": number(39.9, "kg/m2")}):
        assert predicted("prevent-base-10y", for_prevent(values=values)).probability


def test_prevent_refuses_who_had_the_event_also_when_it_is_resolved() -> None:
    chart = for_prevent(conditions=icd("I21.4", active=False))
    assert refused("prevent-base-10y", chart).reasons == ("made for people without known cardiovascular disease",)


def test_an_unread_problem_list_is_no_absence_of_disease() -> None:
    refusal = refused("prevent-base-10y", for_prevent(conditions=(), unread=["conditions"]))
    assert refusal.reasons[0].startswith("made for people without known cardiovascular disease; not known here")
    assert "diabetes: conditions not sent" in refusal.reasons
    assert refusal.missing


def test_thirty_years_are_for_people_up_to_59() -> None:
    chart = for_prevent(values={"age": number(60, "a")})
    assert "made for people of 30 to 59 years" in refused("prevent-base-30y", chart).reasons
    assert predicted("prevent-base-30y", for_prevent(values={"age": number(59, "a")})).horizon == "P30Y"


def test_the_richest_model_whose_inputs_are_there_speaks() -> None:
    ids = ("prevent-base-10y", "prevent-hba1c-10y", "prevent-uacr-10y")
    assert {each.model for each in predictions(*ids, chart=for_prevent())} == {"prevent-base-10y"}
    said = predictions(*ids, chart=for_prevent(values={"hba1c": number(9.2, "%")}))
    assert {each.model for each in said} == {"prevent-hba1c-10y"}
    assert said[0].probability == pytest.approx(0.165, abs=5e-4)  # preventr: 16.5 % with HbA1c 9.2


def kidney(**values: Any) -> Chart:
    facts = {
        "age": number(70, "a"),
        "sex": Known("male"),
        "egfr_ckdepi2021": number(20, GFR),
        "uacr": number(1000, "mg/g"),
        "dialysis": Known(False),
        **values,
    }
    return a_chart(hook="patient-view", **facts)


def test_kfre_speaks_only_below_an_egfr_of_60() -> None:
    assert predicted("kfre-4-north-america", kidney()).probability == pytest.approx(0.315897, abs=1e-6)
    assert score(running("kfre-4-north-america"), kidney(egfr_ckdepi2021=number(60, GFR))) == ()
    below = refused("kfre-4-north-america", kidney(egfr_ckdepi2021=number(14, GFR)))
    assert "made for an eGFR of 15 to 59" in below.reasons


def test_kfre_takes_no_other_unit_of_urine_albumin() -> None:
    refusal = refused("kfre-4-north-america", kidney(uacr=number(113, "mg/mmol")))
    assert refusal.reasons == ("urine albumin/creatinine: in mg/mmol, the model takes mg/g",)


def test_outside_north_america_the_five_year_risk_of_the_eight_variables_is_higher() -> None:
    # As published; no mistake.
    values: dict[str, Any] = {"age": 65.0, "sex": "male", "egfr": 25.0, "uacr": 600.0, "albumin": 3.6}
    values |= {"phosphate": 4.2, "bicarbonate": 22.0, "calcium": 9.1}
    ids = ("kfre-8-north-america", "kfre-8-elsewhere")
    here, there = (say(id, "kidney-failure-5y", **values).result for id in ids)
    assert there > here


def test_points_are_never_a_probability() -> None:
    for each in ("riosord", "has-bled", "cha2ds2-va", "lace", "hospital", "tisdale", "news2"):
        said = say(each, age=50.0, sex="male", priority="elective")
        assert said.probability is None
        assert said.points is not None


def anticoagulated(**changes: Any) -> Chart:
    values = {
        "age": number(70, "a"),
        "sbp": number(165, MMHG),
        "dialysis": Known(False),
        "creatinine": number(1.0, MG_DL),
        "bilirubin_times_uln": number(0.5, "{ULN}"),
        **changes.pop("values", {}),
    }
    return a_chart(**{"medications": taking(APIXABAN, IBUPROFEN), **changes}, **values)


def test_has_bled_shows_what_can_be_changed_and_leaves_the_labile_inr_open() -> None:
    said = predicted("has-bled", anticoagulated())
    # Pressure above 160, age above 65, an NSAID; the labile INR is not read.
    assert (said.points, said.most) == (3, 4)
    counted = {each.predictors[0] for each in said.contributions if each.contribution}
    changeable = {each.predictors[0] for each in said.contributions if each.contribution and each.modifiable}
    assert (counted, changeable) == ({"sbp", "age", "drugs"}, {"sbp", "drugs"})


def test_what_is_not_known_gives_no_points_and_leaves_them_open() -> None:
    said = predicted("has-bled", anticoagulated(values={"sbp": Unknown(Reason.NOT_RECORDED)}))
    assert (said.points, said.most) == (2, 4)
    assert [each.subject for each in said.missing] == ["sbp"]
    assert said.band is not None
    assert said.band_at_most is not None
    assert (said.band.name, said.band_at_most.name) == ("not high", "high")


def test_has_bled_is_silent_without_an_anticoagulant() -> None:
    assert score(running("has-bled"), anticoagulated(medications=taking(IBUPROFEN))) == ()


def test_uncontrolled_means_above_160_and_old_above_65() -> None:
    assert say("has-bled", sbp=160.0, age=65.0).points == 0
    assert say("has-bled", sbp=161.0, age=66.0).points == 2


def test_cha2ds2_va_has_no_points_for_sex_and_vasc_has() -> None:
    assert say("cha2ds2-va", age=65.0).points == 1
    assert say("cha2ds2-vasc", age=65.0, sex="female").points == 2


def test_cha2ds2_va_is_not_for_a_mechanical_valve() -> None:
    chart = a_chart(conditions=icd("I48.0", "Z95.2"), age=number(70, "a"), hook="patient-view")
    assert "mechanical valve" in refused("cha2ds2-va", chart).reasons[0]


def inpatient(*drugs: str, **values: Any) -> Chart:
    facts = {
        "age": number(72, "a"),
        "sex": Known("female"),
        "potassium": number(3.4, "mmol/L"),
        "qtc": number(440, "ms"),
        "acute_infarction": Known(False),
        "sepsis": Known(False),
        "inpatient": Known(True),
        **values,
    }
    return a_chart(
        orders=[a_draft("haloperidol", HALOPERIDOL)], medications=taking(*drugs), conditions=icd("I50.9"), **facts
    )


def test_tisdale_counts_one_drug_three_points_and_two_six() -> None:
    # Tisdale 2013: age 1, female 1, loop diuretic 1, potassium 2, heart failure 3, one drug 3.
    assert predicted("tisdale", inpatient(FUROSEMIDE)).points == 11
    amiodarone = "703"
    assert predicted("tisdale", inpatient(FUROSEMIDE, amiodarone)).points == 14


def test_tisdale_is_for_patients_in_hospital() -> None:
    assert refused("tisdale", inpatient(inpatient=Known(False))).reasons == ("made for patients in hospital",)


def test_tisdale_agrees_with_the_score_of_the_chart() -> None:
    chart = inpatient(FUROSEMIDE, "703")
    of_chart = chart.value("tisdale_points")
    assert isinstance(of_chart, Known)
    assert predicted("tisdale", chart).points == of_chart.value


def test_riosord_gives_points_and_a_class_and_no_percentage() -> None:
    chart = a_chart(
        orders=[a_draft("lorazepam", LORAZEPAM)],
        medications=taking(MORPHINE),
        conditions=icd("J44.9"),
        age=number(50, "a"),
        mme_daily=number(120, "mg/d"),
    )
    said = predicted("riosord", chart)
    # Lung 5, morphine 11, benzodiazepine 9, from 100 mg 7.
    assert (said.points, said.probability, said.band and said.band.name) == (32, None, "class 6")


def test_a_problem_list_in_snomed_alone_leaves_no_point_open_that_the_sets_can_place() -> None:
    chart = a_chart(
        medications=taking(MORPHINE), conditions=snomed("13645005"), age=number(50, "a"), mme_daily=number(30, "mg/d")
    )
    said = predicted("riosord", chart)
    assert (said.points, said.most) == (16, 16)


def test_karter_speaks_of_the_high_class_only() -> None:
    assert say("karter-high", one_episode=1.0, insulin=0.0).points == 0
    assert say("karter-high", one_episode=1.0, insulin=1.0).points == 1
    assert say("karter-high", one_episode=1.0, three_episodes=1.0).points == 1
    assert say("karter-high", one_episode=1.0, three_episodes=1.0, insulin=1.0).points == 1


def test_a_draft_model_says_nothing() -> None:
    assert score((bundle("karter-high"),), a_chart(medications=taking("274783"))) == ()


def test_a_model_says_nothing_at_another_hook() -> None:
    assert score(running("prevent-base-10y"), for_prevent(hook="order-sign")) == ()
    assert score((), for_prevent()) == ()


def test_predict_names_an_outcome_or_takes_the_first() -> None:
    model = bundle("kfre-4-north-america")
    inputs = Predictors({"age": 70.0, "sex": "male", "egfr": 20.0, "uacr": 1000.0})
    first, second = predict(model, inputs), predict(model, inputs, "kidney-failure-5y")
    assert isinstance(first, Prediction)
    assert isinstance(second, Prediction)
    assert (first.outcome, second.outcome) == ("kidney-failure-2y", "kidney-failure-5y")
    with pytest.raises(KeyError):
        predict(model, inputs, "stroke")
    assert isinstance(predict(model, Predictors({}, refusals=("no",))), Refusal)


def test_every_shipped_model_states_for_whom_it_was_made_and_where_it_comes_from() -> None:
    for model in read_shipped():
        assert model.population, model.id
        assert model.evidence, model.id
        assert all(each.within or each.words for each in model.predictors), model.id


def test_a_list_in_snomed_is_taken_to_hold_no_mechanical_valve_and_the_limits_say_so() -> None:
    chart = a_chart(conditions=snomed("49436004", "38341003"), age=number(70, "a"), hook="patient-view")
    assert predicted("cha2ds2-va", chart).points == 2
    assert any("mechanical valve" in each for each in bundle("cha2ds2-va").known_limits)
