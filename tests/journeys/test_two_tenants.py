"""Two tenants with the same patient, the same user and the same call never see each other, place by place."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pytest_httpserver import HTTPServer

from cds_service.cli.replay import find_other
from cds_service.cli.simulate import run as simulate
from cds_service.governance.simulation import Simulation
from cds_service.knowledge.release import Release
from tests.fhir_access.conftest import authorization, server_path
from tests.journeys.site import CHANGE, Site, Tenant, a_site
from tests.risk_serving.patients import with_failing_kidneys
from tests.support.fake_ehr import FakeEhr
from tests.support.requests import PatientCase, a_patient

WARFARIN, IBUPROFEN = "855332", "197806"
LITHIUM, THIAZIDE = "197889", "310798"
RULE = "warfarin-nsaid"
HOUR = 3600


@pytest.fixture(scope="module")
def http_server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


@pytest.fixture(scope="module")
def ehr(http_server: HTTPServer) -> Iterator[FakeEhr]:
    fake = FakeEhr(http_server)
    http_server.expect_request(server_path("/fhir/")).respond_with_handler(fake.answer)
    yield fake
    fake.closing.set()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, ehr: FakeEhr) -> Iterator[Site]:
    with a_site(tmp_path_factory.mktemp("site"), ehr.base) as running:
        yield running


@pytest.fixture(params=[("general", "county"), ("group/north", "group/south")], ids=["two clients", "two tenants"])
def pair(request: pytest.FixtureRequest, site: Site) -> tuple[Tenant, Tenant]:
    one, other = request.param
    return site.tenant(one), site.tenant(other)


@pytest.fixture
def patient(site: Site) -> PatientCase:
    """On warfarin, with ibuprofen about to be ordered."""
    taking = a_patient(site.patient_id()).taking(WARFARIN, "warfarin", dose=1, per_day=1)
    return taking.ordering(IBUPROFEN, "ibuprofen", dose=1, per_day=3)


Pair = tuple[Tenant, Tenant]


def exported(site: Site, tenant: Tenant, decision: str) -> dict[str, Any]:
    """The line of a decision in the export of a tenant."""
    lines = site.lines("audit", "export", "--since", "1h", "--tenant", tenant.name)
    return next(line for line in lines if line["decision"] == decision)


def test_an_override_of_one_quiets_nothing_for_the_other(pair: Pair, patient: PatientCase) -> None:
    one, other = pair
    one.overrides(one.signs(patient))
    assert one.signs(patient).says == set()
    assert other.signs(patient).says == {RULE}


def test_feedback_about_a_card_of_the_other_is_about_a_card_nobody_knows(
    site: Site, pair: Pair, patient: PatientCase
) -> None:
    one, other = pair
    shown = one.signs(patient)
    answer = other.overrides(shown)
    assert (answer["stored"], answer["unknownCards"]) == (len(shown.cards), len(shown.cards))
    assert one.signs(patient).says == {RULE}
    assert other.signs(patient).says == {RULE}
    theirs = site.lines("audit", "feedback", "--since", "1h", "--tenant", other.name)
    assert shown.decision not in {event["decision_id"] for event in theirs}
    assert not any(event["tenant"] != other.name for event in theirs)
    assert not any(card["uuid"] in json.dumps(theirs) for card in shown.cards)


def test_what_one_was_told_while_picking_the_other_is_told_at_signing(pair: Pair, patient: PatientCase) -> None:
    one, other = pair
    assert one.picks(patient).says == {RULE}
    assert other.signs(patient).says == {RULE}
    assert one.signs(patient).says == set()


def test_the_same_call_of_the_other_is_no_repetition(site: Site, pair: Pair, patient: PatientCase) -> None:
    one, other = pair
    first, again, theirs = one.signs(patient), one.signs(patient), other.signs(patient)
    assert not exported(site, one, first.decision)["repeat"]
    assert exported(site, one, again.decision)["repeat"]
    assert not exported(site, other, theirs.decision)["repeat"]


def test_what_the_ehr_said_to_one_is_not_handed_to_the_other(pair: Pair, patient: PatientCase, ehr: FakeEhr) -> None:
    """Same FHIR server, same access token, same patient; between the calls the EHR learns of an allergy."""
    one, other = pair
    asking = patient.without("allergies")
    with_token = {"fhirServer": ehr.base, "fhirAuthorization": authorization(patient=patient.id)}
    ehr.case = patient
    before = one.signs(asking, **with_token)
    ehr.case = patient.allergic_to("5640", "ibuprofen")
    ehr.asked.clear()
    assert one.signs(asking, **with_token).says == before.says
    assert ehr.asked == []  # what was fetched a moment ago
    theirs = other.signs(asking, **with_token)
    assert ehr.types_asked == ["AllergyIntolerance"]
    assert len(theirs.says) > len(before.says)


def test_an_export_of_one_holds_none_of_the_other_and_names_the_patient_otherwise(
    site: Site, pair: Pair, patient: PatientCase
) -> None:
    one, other = pair
    mine, theirs = one.signs(patient), other.signs(patient)
    lines = {each.name: site.lines("audit", "export", "--since", "1h", "--tenant", each.name) for each in pair}
    for tenant, decision, hidden in ((one, mine, theirs), (other, theirs, mine)):
        assert {line["tenant"] for line in lines[tenant.name]} == {tenant.name}
        decisions = [line["decision"] for line in lines[tenant.name]]
        assert decision.decision in decisions
        assert hidden.decision not in decisions
    for keyed in ("patient", "user"):
        hashes = [exported(site, *each)[keyed] for each in ((one, mine.decision), (other, theirs.decision))]
        assert len(set(hashes)) == 2, keyed


def test_a_record_that_is_shown_is_that_of_its_tenant(site: Site, pair: Pair, patient: PatientCase) -> None:
    for tenant in pair:
        record = json.loads(site.run("audit", "show", tenant.signs(patient).decision))
        assert (record["tenant"], record["session"]["patient_id"]) == (tenant.name, patient.id)
        assert record["client"] == tenant.name.partition("/")[0]


def counted(site: Site, tenant: Tenant) -> dict[str, float]:
    """Every number of the metrics that belongs to a tenant."""
    families = text_string_to_metric_families(site.look("/metrics"))
    samples = [sample for family in families for sample in family.samples if not sample.name.endswith("_created")]
    return {
        f"{each.name} {sorted(each.labels.items())}": each.value
        for each in samples
        if each.labels.get("tenant") == tenant.name
    }


def test_calls_cards_scores_and_feedback_of_one_are_counted_for_it_alone(
    site: Site, pair: Pair, patient: PatientCase
) -> None:
    one, other = pair
    other.overrides(other.signs(patient))
    other.opens(with_failing_kidneys())
    before = counted(site, other)
    for _ in range(3):
        one.overrides(one.signs(patient))
    one.opens(with_failing_kidneys())
    assert counted(site, other) == before
    named = {name.split()[0] for name in counted(site, one)}
    assert {"cds_calls_total", "cds_cards_total", "cds_findings_total", "cds_feedback_total"} <= named
    assert "cds_score_count" in named


def report_on(site: Site, tenant: Tenant) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        site.run("report", "--since", "1h", "--tenant", tenant.name, "--form", "json", "--least", "1")
    )
    return told


def test_a_report_on_one_counts_nothing_of_the_other(site: Site, pair: Pair, patient: PatientCase) -> None:
    one, other = pair
    one.signs(patient)
    before = report_on(site, one)
    others = other.signs(patient)
    other.overrides(others)
    one.overrides(others)  # a card it was never shown
    after = report_on(site, one)
    assert after["overview"].pop("strays") == before["overview"].pop("strays") + 1
    for name in ("overview", "views", "unknowns"):
        assert after[name] == before[name], name
    assert all(line["client"] == one.name for line in after["views"]["client"])


@pytest.fixture(scope="module")
def without_the_rule(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """What answers, if the rule were retired."""
    overlay = tmp_path_factory.mktemp("overlay") / "off.toml"
    overlay.write_text(f'[[change]]\nrule = "{RULE}"\n{CHANGE}status = "retired"\n')
    assert site.application.store is not None
    found = find_other(site.application.settings, site.application.store, None, overlay)
    assert found is not None
    return found


def test_a_simulation_for_one_looks_at_its_calls_and_overrides_alone(
    site: Site, pair: Pair, patient: PatientCase, without_the_rule: Release
) -> None:
    one, other = pair
    store = site.application.store
    assert store is not None

    def simulated() -> Simulation:
        return simulate(store, site.application.release, without_the_rule, time.time() - HOUR, one.name, 1)

    shown = one.signs(patient)
    before = simulated()
    other.overrides(shown)
    other.overrides(other.signs(patient))
    after = simulated()
    assert after == before
    assert after.rules[RULE].removed > 0
    one.overrides(shown)
    assert simulated().rules[RULE].removed_overridden == before.rules[RULE].removed_overridden + 1


def on_lithium(site: Site) -> PatientCase:
    return a_patient(site.patient_id()).taking(LITHIUM, "lithium", dose=1, per_day=2)


def test_a_change_of_rules_for_one_is_none_for_the_other(site: Site, pair: Pair) -> None:
    one, other = pair
    patient = on_lithium(site).ordering(IBUPROFEN, "ibuprofen", dose=1, per_day=3)
    assert "lithium-nsaid" not in one.signs(patient).says
    assert "lithium-nsaid" in other.signs(patient).says


def test_the_role_that_one_names_hides_nothing_from_the_other(site: Site, pair: Pair) -> None:
    one, other = (replace(pair[0], role="Student nurse"), pair[1])
    patient = on_lithium(site).ordering(THIAZIDE, "hydrochlorothiazide", dose=1, per_day=1)
    hidden, shown = one.signs(patient), other.signs(patient)
    assert "lithium-thiazide" not in hidden.says
    assert "lithium-thiazide" in shown.says
    assert exported(site, other, shown.decision)["role"] == "Practitioner"


def test_a_role_stands_in_clear_where_a_rule_names_it_and_else_may_be_a_name(
    site: Site, pair: Pair, patient: PatientCase
) -> None:
    for role, kept in (("Student nurse", "student nurse"), ("dr jane marker", "other")):
        caller = replace(pair[0], role=role)
        assert exported(site, caller, caller.signs(patient).decision)["role"] == kept


def test_a_token_id_that_one_client_used_is_not_used_up_for_another(site: Site) -> None:
    url = "https://cds.example.org/cds-services"
    one, other = site.tenant("general"), site.tenant("county")
    assert [each.ask("GET", url, jti="the-same")[0] for each in (one, other, one)] == [200, 200, 401]


def test_a_client_cannot_name_a_tenant_that_is_not_its_own(site: Site) -> None:
    assert site.tenant("general/north").ask("GET", "https://cds.example.org/cds-services")[0] == 401
    assert site.tenant("group/east").ask("GET", "https://cds.example.org/cds-services")[0] == 401
