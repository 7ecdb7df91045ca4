"""What granted scopes let us ask. Expected values from the SMART App Launch 2.2 scope grammar (SM-070..076)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.queries import Query, within_scopes
from cds_service.fhir.scopes import Grant, Interaction, granted

LAB = "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
VITAL = "category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs"


@pytest.mark.requirement("CH-091")
@pytest.mark.parametrize(
    ("scope", "read", "search"),
    [
        ("patient/Observation.read", True, True),
        ("user/Observation.read", True, True),
        ("system/Observation.read", True, True),
        ("patient/Observation.*", True, True),
        ("patient/*.read", True, True),
        ("patient/*.* user/*.*", True, True),  # as the public Sandbox sends it (G-11)
        ("patient/Observation.write", False, False),
        ("patient/Observation.rs", True, True),
        ("patient/Observation.cruds", True, True),
        ("patient/Observation.r", True, False),
        ("patient/Observation.s", False, True),
        ("patient/Observation.cud", False, False),
        ("patient/Observation.sr", False, False),
        ("patient/Observation.", False, False),
        ("patient/Condition.rs", False, False),
        ("patient/Observation.c patient/Observation.s", False, True),
        ("launch openid fhirUser patient/Observation.rs", True, True),
        ("http://smarthealthit.org/fhir/scopes/patient/Observation.read", True, True),
        ("practitioner/Observation.rs", False, False),
        ("patient/observation.rs", False, False),
        ("", False, False),
    ],
)
def test_scopes_of_both_versions_grant_what_they_say(scope: str, read: bool, search: bool) -> None:
    assert granted(scope, "Observation", "r") == (Grant() if read else None)
    assert granted(scope, "Observation", "s") == (Grant() if search else None)


def test_a_scope_with_a_category_grants_a_part() -> None:
    assert granted(f"patient/Observation.rs?{LAB}", "Observation", "s") == Grant((LAB,))
    assert granted(f"patient/Observation.rs?{LAB} patient/Observation.s", "Observation", "s") == Grant()


def test_a_search_is_narrowed_to_the_categories_granted() -> None:
    query = Query("Observation?patient=1&code=x", "Observation")
    one = within_scopes(query, f"patient/Observation.rs?{LAB}")
    two = within_scopes(query, f"patient/Observation.rs?{LAB} patient/Observation.rs?{VITAL}")
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    assert one == Query(f"{query.path}&category={system}%7Claboratory", "Observation", narrowed=True)
    assert two == Query(f"{query.path}&category={system}%7Claboratory,{system}%7Cvital-signs", "Observation", True)


def test_parts_that_one_search_cannot_name_are_left_to_the_server() -> None:
    query = Query("Observation?patient=1", "Observation")
    assert within_scopes(query, "patient/Observation.rs?category=a&status=final") == Query(
        query.path, "Observation", True
    )
    assert within_scopes(query, "patient/Observation.rs?category=a patient/Observation.rs?status=b") == Query(
        query.path, "Observation", True
    )


def test_a_read_by_id_cannot_be_narrowed() -> None:
    query = Query("Patient/1", "Patient")
    assert within_scopes(query, "patient/Patient.rs?active=true") is query


@given(st.text(), st.sampled_from(["r", "s"]))
def test_words_outside_the_grammar_grant_nothing(text: str, interaction: Interaction) -> None:
    assert granted(text.replace("/", ""), "Observation", interaction) is None
