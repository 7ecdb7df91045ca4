"""Suggestions as they go over the wire, in both dialects: valid R4, whole, and nothing changed but what is meant."""

import json
from typing import Any
from uuid import UUID

import pytest
from fhirclient.models.fhirelementfactory import FHIRElementFactory

from cds_service.app import Application
from cds_service.trust.callers import Caller, local_caller
from cds_service.trust.client import Client
from tests.conformance.test_messages import CASES, NOW, leaves
from tests.contract.bodies import requests_of
from tests.support.requests import Json

EPIC = Caller(Client.model_construct(name="epic", issuers=(), dialect="epic"), "epic")
MAY_CHANGE = {
    "medicationCodeableConcept",
    "medicationReference",
    "dosageInstruction",
    "dispenseRequest",
    "substitution",
}


def cards_for(application: Application, caller: Caller) -> list[tuple[Json, Json]]:
    """The cards with suggestions of every case at every service, each with its request."""
    found = []
    for case in CASES.values():
        for service in application.release.services:
            request = requests_of(case.as_of(NOW))[service.id]
            answer = json.loads(application.answer(json.dumps(request).encode(), service, caller).encode())
            found += [(request, card) for card in answer["cards"] if "suggestions" in card]
    assert found
    return found


@pytest.fixture(scope="module")
def offered(application: Application) -> list[tuple[Json, Json]]:
    return [*cards_for(application, local_caller("test")), *cards_for(application, EPIC)]


@pytest.fixture(scope="module")
def actions(offered: list[tuple[Json, Json]]) -> list[tuple[Json, Json]]:
    """Every action with the request it answers."""
    found = [
        (request, action)
        for request, card in offered
        for suggestion in card["suggestions"]
        for action in suggestion.get("actions", [])
    ]
    assert {action["type"] for _, action in found} == {"create", "update", "delete"}
    return found


def draft(request: Json, reference: str) -> Json:
    """The draft of the request that an action points at."""
    (found,) = [
        entry["resource"]
        for entry in request["context"]["draftOrders"]["entry"]
        if f"{entry['resource']['resourceType']}/{entry['resource']['id']}" == reference
    ]
    return dict(found)


@pytest.mark.requirement("CH-119", "CH-120", "CH-130", "CH-131", "CH-133")
def test_every_suggestion_has_a_label_a_uuid_of_its_own_and_actions(offered: list[tuple[Json, Json]]) -> None:
    for _, card in offered:
        assert card["suggestions"]
        assert card["selectionBehavior"] in {"at-most-one", "any"}
        uuids = [suggestion["uuid"] for suggestion in card["suggestions"]]
        assert len({UUID(uuid) for uuid in uuids}) == len(uuids)
        for suggestion in card["suggestions"]:
            assert suggestion["label"].strip()
            assert suggestion["actions"]
            assert "actionSelectionBehavior" not in suggestion


@pytest.mark.requirement("CH-132")
def test_at_most_one_suggestion_of_a_card_is_recommended(offered: list[tuple[Json, Json]]) -> None:
    counts = {sum(suggestion.get("isRecommended", False) for suggestion in card["suggestions"]) for _, card in offered}
    assert counts <= {0, 1}
    assert 1 in counts


@pytest.mark.requirement("CH-135", "CH-136", "CH-137", "CH-138")
def test_every_action_has_the_members_of_its_kind(actions: list[tuple[Json, Json]]) -> None:
    for request, action in actions:
        assert action["description"].strip()
        if action["type"] == "delete":
            assert "resource" not in action
            assert draft(request, action["resourceId"])
        else:
            assert "resourceId" not in action
            assert isinstance(action["resource"], dict)


@pytest.mark.requirement("CH-006")
def test_every_resource_offered_is_valid_r4(actions: list[tuple[Json, Json]]) -> None:
    resources = [action["resource"] for _, action in actions if "resource" in action]
    for resource in resources:
        read = FHIRElementFactory.instantiate(resource["resourceType"], resource)
        assert read.as_json() == resource
        assert not [path for path, value in leaves(resource) if value in (None, "", [], {})]


@pytest.mark.requirement("CH-137", "CH-140")
def test_an_update_is_the_whole_draft_with_only_the_drug_and_its_dose_changed(actions: list[tuple[Json, Json]]) -> None:
    updates = [(request, action["resource"]) for request, action in actions if action["type"] == "update"]
    assert updates
    for request, resource in updates:
        before: dict[str, Any] = draft(request, f"MedicationRequest/{resource['id']}")
        changed = {name for name in {*before, *resource} if before.get(name) != resource.get(name)}
        assert changed <= MAY_CHANGE, changed
        assert resource["status"] == "draft"
