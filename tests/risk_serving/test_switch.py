"""A model that is off says so, and the plain rule speaks."""

from collections.abc import Callable

from flask.testing import FlaskClient

from cds_service.app import Application
from cds_service.governance.review import silence_unreviewed
from cds_service.knowledge.page import Page
from cds_service.knowledge.rules import Status
from cds_service.knowledge.switches import FILE, switch_models
from tests.risk_serving.calls import card_of, cards, models_said
from tests.risk_serving.patients import bleeding_risk, leaving_hospital, with_failing_kidneys
from tests.risk_serving.releases import BY, remote_model, switched

RULE, MODEL = "readmission-earlier-stays", "readmission-30d"

Clients = Callable[..., FlaskClient]


def test_while_the_model_predicts_the_plain_rule_is_withheld(client: FlaskClient) -> None:
    request = leaving_hospital().encounter_discharge()
    assert card_of(client, request, MODEL) is not None
    assert card_of(client, request, RULE) is None


def test_a_model_that_is_off_says_so_on_the_card_of_its_rule(application: Application, client_of: Clients) -> None:
    client = client_of(release=switched(application.release, readmission_30d={"status": "off"}))
    (card,) = cards(client, leaving_hospital().encounter_discharge())
    assert card["source"]["topic"]["code"] == RULE
    assert "model off (summer stays), rule used" in card["detail"]
    assert client.get("/ready").json["models"]["off"] == {MODEL: "summer stays"}  # type: ignore[index]


def test_a_silent_model_is_recorded_and_its_rule_speaks(application: Application, client_of: Clients) -> None:
    client = client_of(release=switched(application.release, readmission_30d={"status": "silent"}))
    request = leaving_hospital().traced().encounter_discharge()
    (card,) = cards(client, request)
    assert card["source"]["topic"]["code"] == RULE
    (said,) = models_said(client, request)[MODEL]
    assert said["quiet"] == "model is silent"
    assert said["result"] > 0.1


def test_a_model_that_cannot_predict_leaves_the_rule_to_speak(client: FlaskClient) -> None:
    without_diabetes = leaving_hospital().key("conditions", {"resourceType": "Bundle", "type": "searchset"})
    (card,) = cards(client, without_diabetes.encounter_discharge())
    assert card["source"]["topic"]["code"] == RULE
    assert "for patients with diabetes on the problem list; rule used" in card["detail"]


def test_a_score_that_is_off_says_so_beside_the_findings(application: Application, client_of: Clients) -> None:
    client = client_of(release=switched(application.release, has_bled={"status": "off"}))
    detail = cards(client, bleeding_risk().order_sign())[0]["detail"]
    assert "HAS-BLED: model off (summer stays), rule used" in detail
    assert "points" not in detail.partition("HAS-BLED")[2].partition("\n")[0]


def test_another_continent_takes_its_own_equation(application: Application, client_of: Clients) -> None:
    release = switched(
        application.release,
        kfre_4_north_america={"status": "off"},
        kfre_8_north_america={"status": "off"},
        kfre_4_elsewhere={"status": "active"},
    )
    (card,) = cards(client_of(release=release), with_failing_kidneys().patient_view())
    assert card["source"]["topic"]["code"] == "kfre-4-elsewhere"


def test_a_switch_names_a_model_a_reason_and_who(application: Application) -> None:
    page = Page(FILE)
    document = {
        "readmision-30d": {**BY, "status": "off"},
        "tisdale": {"status": "off", "reason": " ", "by": "A. Officer"},
        "has-bled": {**BY, "status": "out"},
        "riosord": {**BY, "url": "https://models.example.org"},
        "lace": {"status": "silent"},
        "hospital": {**BY, "within_ms": 5000},
    }
    switch_models(page, document, application.release.models)
    said = [(problem.where, problem.message) for problem in page.problems]
    assert said == [
        ("readmision-30d", "there is no model 'readmision-30d'; did you mean 'readmission-30d'?"),
        ("tisdale", "a change of a model has a reason, and who made it in 'by'"),
        ("has-bled", "status: found 'out', expected 'active', 'silent' or 'off'"),
        ("riosord", "url: only a remote model is asked over the network"),
        ("lace", "Object missing required field `reason`"),
        ("hospital", "within_ms: found 5000, expected 1 to 1000"),
    ]


def test_models_nobody_reviewed_run_silent_where_nobody_answers_for_them(
    application: Application, client_of: Clients
) -> None:
    release = silence_unreviewed(application.release)
    assert release.digest != application.release.digest
    assert {bundle.id for bundle in release.models if bundle.status is Status.ACTIVE} == set()
    request = leaving_hospital().traced().encounter_discharge()
    (said,) = models_said(client_of(release=release), request)[MODEL]
    assert said["quiet"] == "model is silent"


def test_predictors_travel_by_https(application: Application) -> None:
    page = Page(FILE)
    bundle = remote_model(application.release)
    switch_models(page, {bundle.id: {**BY, "url": "http://models.example.org"}}, (bundle,))
    assert [problem.message for problem in page.problems] == [
        "url: found 'http://models.example.org', expected https, or http on this machine"
    ]
