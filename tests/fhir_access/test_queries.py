"""From template to query."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.queries import Query, resolve
from cds_service.hooks.contexts import Context


def test_a_template_is_filled_with_the_ids_of_the_call() -> None:
    context = Context("P1", encounter_id="E-7")
    assert resolve("Patient/{{context.patientId}}", context) == Query("Patient/P1", "Patient")
    assert resolve("Condition?patient={{context.patientId}}", context) == Query("Condition?patient=P1", "Condition")
    assert resolve("Encounter/{{context.encounterId}}", context) == Query("Encounter/E-7", "Encounter")


@pytest.mark.requirement("CH-083")
def test_a_template_whose_id_is_not_there_is_not_asked() -> None:
    assert resolve("Encounter/{{context.encounterId}}", Context("P1")) is None


@pytest.mark.parametrize("trick", ["..", "."])
def test_an_id_that_climbs_out_of_the_path_is_not_asked(trick: str) -> None:
    assert resolve("Patient/{{context.patientId}}", Context(trick)) is None


@given(st.text(min_size=1))
def test_no_id_adds_a_parameter_or_a_path(patient_id: str) -> None:
    query = resolve("Condition?patient={{context.patientId}}&x=1", Context(patient_id))
    if query is not None:
        assert query.path.count("&") == 1
        assert "/" not in query.path
        assert "#" not in query.path
