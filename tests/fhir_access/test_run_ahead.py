"""What order-select fetched serves order-sign, and nobody else."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.fetch import FhirAccess
from cds_service.fhir.received import KeyResult, Reason
from cds_service.fhir.resources import Condition
from cds_service.fhir.run_ahead import Place, RunAhead
from tests.fhir_access.conftest import Door, authorization
from tests.support import fake_ehr
from tests.support.fake_ehr import FakeEhr
from tests.support.requests import a_patient

PLACE = Place("client-a", "tenant-1", "P1", "digest-1", "https://ehr.example.org/fhir", "Condition?patient=P1")
WHOLE = KeyResult((Condition(resource_type="Condition", id="c1"),), complete=True, reason=None)


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_order_sign_asks_for_nothing_that_order_select_read(door: Door, ehr: FakeEhr) -> None:
    ehr.case = a_patient("P1").taking("855332").ordering("310965")
    selected = door.fetch(door.request(ehr.case.order_select(prefetch={})))
    asked = len(ehr.asked)
    signed = door.fetch(door.request(ehr.case.order_sign(prefetch={})))
    assert asked > 0
    assert len(ehr.asked) == asked
    assert signed.prefetch == selected.prefetch


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"client": "client-a"}, {"client": "client-b"}),
        ({"tenant": "client-a/north"}, {"tenant": "client-a/south"}),
    ],
)
def test_another_client_or_tenant_asks_for_itself(
    door: Door, ehr: FakeEhr, first: dict[str, str], second: dict[str, str]
) -> None:
    request = door.request(a_patient("P1").without("allergies").patient_view())
    door.fetch(request, **first)
    door.fetch(request, **second)
    assert ehr.types_asked == ["AllergyIntolerance", "AllergyIntolerance"]


@pytest.mark.requirement("CH-087")
def test_another_token_asks_for_itself_and_learns_only_what_it_may(door: Door, ehr: FakeEhr) -> None:
    ehr.case = a_patient("P1").allergic_to("7980", "penicillin G")
    hidden = ehr.case.without("allergies").patient_view()
    assert len(door.fetch(door.request(hidden)).prefetch["allergies"].resources) == 1
    weaker = door.request(hidden, fhirAuthorization=authorization(access_token="another-token"))
    assert door.fetch(weaker).prefetch["allergies"] == KeyResult(reason=Reason.REFUSED)


def test_a_token_that_may_less_by_its_scopes_finds_nothing_kept(door: Door, ehr: FakeEhr) -> None:
    hidden = a_patient("P1").without("allergies").patient_view()
    door.fetch(door.request(hidden))
    narrow = door.request(hidden, fhirAuthorization=authorization(scope="patient/Condition.rs"))
    assert door.fetch(narrow).prefetch["allergies"] == KeyResult(reason=Reason.REFUSED)


def test_another_patient_is_asked_for_anew(door: Door, ehr: FakeEhr) -> None:
    everybody = authorization(patient=None)
    for patient in ("P1", "P2"):
        request = door.request(a_patient(patient).without("allergies").patient_view(), fhirAuthorization=everybody)
        door.fetch(request)
    assert [request.args["patient"] for request in ehr.asked] == ["P1", "P2"]


def test_another_server_is_asked_for_itself(door_with: Callable[..., Door], ehr: FakeEhr) -> None:
    door = door_with(access=FhirAccess(bases=(ehr.base,)))
    request = a_patient("P1").without("allergies").patient_view()
    door.fetch(door.request(request))
    door.fetch(door.request(request, fhirServer=f"{ehr.base}/north"))
    assert [each.path for each in ehr.asked] == ["/fhir/AllergyIntolerance", "/fhir/north/AllergyIntolerance"]


def test_a_failure_is_asked_again(door: Door, ehr: FakeEhr) -> None:
    ehr.moods["AllergyIntolerance"] = fake_ehr.broken
    request = door.request(a_patient("P1").without("allergies").patient_view())
    door.fetch(request)
    ehr.moods.clear()
    assert door.fetch(request).prefetch["allergies"].complete


@given(st.integers(0, 5))
def test_an_answer_is_found_by_its_exact_place_only(changed: int) -> None:
    kept = RunAhead(Clock())
    kept.keep(PLACE, WHOLE, 300)
    other = Place(*(part + "x" if position == changed else part for position, part in enumerate(PLACE)))
    assert kept.find(PLACE) == WHOLE
    assert kept.find(other) is None


@pytest.mark.parametrize(("lifetime", "last_second"), [(300, 60), (5, 5)])
def test_nothing_is_kept_longer_than_a_minute_or_its_token(lifetime: float, last_second: int) -> None:
    clock = Clock()
    kept = RunAhead(clock)
    kept.keep(PLACE, WHOLE, lifetime)
    clock.now += last_second - 0.1
    assert kept.find(PLACE) == WHOLE
    clock.now += 0.1
    assert kept.find(PLACE) is None
    kept.keep(PLACE._replace(patient="P2"), WHOLE, lifetime)
    assert PLACE not in kept.kept  # gone from memory too, not only out of reach


def test_memory_is_bounded_and_what_was_used_longest_ago_goes_first() -> None:
    kept = RunAhead(Clock(), most_resources=6)  # an answer with one resource counts as two
    places = [PLACE._replace(patient=f"P{number}") for number in range(4)]
    for place in places[:3]:
        kept.keep(place, WHOLE, 60)
    kept.find(places[0])
    kept.keep(places[3], WHOLE, 60)
    assert [kept.find(place) is not None for place in places] == [True, False, True, True]
    assert kept.size == 6


def test_an_answer_larger_than_the_memory_is_not_kept() -> None:
    kept = RunAhead(Clock(), most_resources=1)
    kept.keep(PLACE, WHOLE, 60)
    assert kept.find(PLACE) is None
    assert kept.size == 0


def test_keeping_twice_counts_once() -> None:
    kept = RunAhead(Clock())
    kept.keep(PLACE, WHOLE, 60)
    kept.keep(PLACE, WHOLE, 60)
    assert kept.size == 2
