"""Role, department and tenant of a call decide what it is shown: over HTTP, from the request or from clients.toml."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.app import Application
from cds_service.knowledge.index import index_rules
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Audience, Listeners, Status
from cds_service.record.decision import DecisionRecord
from tests.support.requests import a_patient, body
from tests.support.tokens import BASE, EHR, NOW, SIGN, a_client, a_gate

RULE = "warfarin-nsaid"
ORDER = a_patient().taking("855332", "warfarin").ordering("197806", "ibuprofen").order_sign()
Asked = Callable[..., DecisionRecord]


def with_rule(release: Release, **changes: Any) -> Release:
    """A release of one rule, changed."""
    rules = {RULE: replace(release.rules[RULE], status=Status.ACTIVE, **changes)}
    return replace(release, rules=rules, index=index_rules(rules.values()))


@pytest.fixture
def ask(application: Application, client_of: Callable[..., FlaskClient], tmp_path: Path) -> Asked:
    """One call in production: `ask(release, own={"role": "nurse"}, department="icu")`; gives its record."""

    def call(release: Release, own: dict[str, str] | None = None, tenant: str | None = None, **client: Any) -> Any:
        records: list[DecisionRecord] = []
        server = client_of(
            {"profile": "production", "public_url": BASE},
            gate=a_gate(tmp_path, a_client(**client)),
            clock=lambda: NOW,
            release=release,
            write=lambda record, milliseconds: records.append(record),
        )
        sent = body({**ORDER, "extension": {"org.cds-service": own or {}}})
        claims: dict[str, Any] = {"tenant": tenant} if tenant else {}
        headers = {"Authorization": EHR.bearer(**claims)}
        answer = server.post(SIGN.removeprefix(BASE), data=sent, content_type="application/json", headers=headers)
        assert answer.status_code == 200, answer.data
        assert len(json.loads(answer.data)["cards"]) == len(records[0].cards)
        return records[0]

    return call


def reasons(record: DecisionRecord) -> list[str]:
    return [withheld.reason for withheld in record.withheld]


def test_a_department_of_the_request_decides_and_is_recorded(application: Application, ask: Asked) -> None:
    release = with_rule(application.release, audience=Audience(besides=Listeners(departments=frozenset({"icu"}))))
    record = ask(release, own={"department": "ICU"})
    assert reasons(record) == ["not for this audience"]
    assert (record.role, record.department) == (None, "ICU")
    assert reasons(ask(release, own={"department": "Surgery"})) == []
    assert reasons(ask(release)) == []


def test_a_client_stands_for_a_department_unless_the_request_says_otherwise(
    application: Application, ask: Asked
) -> None:
    release = with_rule(application.release, audience=Audience(only=Listeners(roles=frozenset({"pharmacist"}))))
    assert reasons(ask(release, role="Nurse")) == ["not for this audience"]
    assert reasons(ask(release, own={"role": "Pharmacist"}, role="Nurse")) == []


def test_a_call_is_answered_by_its_tenants_release(application: Application, ask: Asked) -> None:
    everybody = with_rule(application.release)
    theirs = with_rule(application.release, audience=Audience(only=Listeners(roles=frozenset({"pharmacist"}))))
    client = a_client().name
    release = replace(everybody, tenants={f"{client}/north": theirs})
    tenants = ("north", "south")
    north = ask(release, own={"role": "nurse"}, tenant="north", tenants=tenants)
    south = ask(release, own={"role": "nurse"}, tenant="south", tenants=tenants)
    assert (north.tenant, reasons(north)) == (f"{client}/north", ["not for this audience"])
    assert (south.tenant, reasons(south)) == (f"{client}/south", [])
