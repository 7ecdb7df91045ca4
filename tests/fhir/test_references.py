"""Whose a resource is, however the reference is written."""

import pytest

from cds_service.fhir.references import belongs_to, relative

URLS = {"urn:uuid:aa": "Patient/1", "urn:uuid:bb": "Patient/2"}


@pytest.mark.parametrize(
    ("reference", "short"),
    [
        ("Patient/1", "Patient/1"),
        ("Patient/1/_history/4", "Patient/1"),
        ("https://ehr.example.org/fhir/Patient/1", "Patient/1"),
        ("https://ehr.example.org/fhir/Patient/1/", "Patient/1"),
        ("urn:uuid:aa", "Patient/1"),
        ("urn:uuid:zz", "urn:uuid:zz"),
        ("#med", "#med"),
        ("1", "1"),
    ],
)
def test_references_are_shortened_to_type_and_id(reference: str, short: str) -> None:
    assert relative(reference, URLS) == short


@pytest.mark.requirement("CH-081")
@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("Patient/1", True),
        ("https://ehr.example.org/fhir/Patient/1", True),
        ("urn:uuid:aa", True),
        ("urn:uuid:1", True),
        ("1", True),
        ("Patient/2", False),
        ("Patient/11", False),
        ("https://ehr.example.org/fhir/Patient/2", False),
        ("urn:uuid:bb", False),
        ("Group/1", False),
        ("urn:uuid:zz", None),
        ("#patient", None),
        ("", None),
        (None, None),
    ],
)
def test_a_subject_is_this_patient_or_another_or_does_not_say(reference: str | None, answer: bool | None) -> None:
    assert belongs_to(reference, "1", URLS) is answer
