"""What goes over the wire in an answer."""

import json

import pytest

from cds_service.hooks.response import Action, Card, CardSource, Coding, HookResponse, Link, Suggestion
from tests.support.schemas import problems

CARD = Card(
    uuid="0a0c8a1e-6ba3-4a5d-9d25-6e0fca8a3a11",
    summary="Warfarin with ibuprofen: bleeding risk",
    indicator="warning",
    source=CardSource(label="Medication safety", topic=Coding(code="warfarin-nsaid", system="https://cds.example.org")),
    detail="Both raise bleeding risk.",
    suggestions=(
        Suggestion(
            label="Remove ibuprofen",
            uuid="0a0c8a1e-6ba3-4a5d-9d25-6e0fca8a3a12",
            actions=(Action(type="delete", description="Remove", resource_id="MedicationRequest/order1"),),
        ),
    ),
    selection_behavior="at-most-one",
    override_reasons=(Coding(code="benefit", system="https://cds.example.org", display="Benefit outweighs risk"),),
    links=(Link(label="Why", url="https://cds.example.org/why", type="absolute"),),
)


@pytest.mark.requirement("CH-100", "CH-111", "CH-113", "CH-120", "CH-121", "CH-138")
def test_a_full_card_is_valid() -> None:
    assert problems("response", HookResponse(cards=(CARD,)).encode()) == []


@pytest.mark.requirement("CH-101")
def test_no_guidance_is_an_empty_list_of_cards() -> None:
    assert HookResponse(cards=()).encode() == b'{"cards":[]}'


@pytest.mark.requirement("CH-002", "CH-003", "CH-004")
def test_members_without_a_value_are_left_out() -> None:
    card = Card(uuid=CARD.uuid, summary="One", indicator="info", source=CardSource(label="Medication safety"))
    assert set(json.loads(HookResponse(cards=(card,)).encode())["cards"][0]) == {
        "uuid",
        "summary",
        "indicator",
        "source",
    }
