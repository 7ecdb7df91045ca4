"""Which addresses may be talked to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.addresses import allowed_base, next_page, origin_of, why_refused

BASES = ("https://ehr.example.org/fhir/r4",)


@pytest.mark.requirement("CH-094")
@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("https://ehr.example.org/fhir/r4", "https://ehr.example.org/fhir/r4"),
        ("https://ehr.example.org/fhir/r4/", "https://ehr.example.org/fhir/r4"),
        ("HTTPS://EHR.example.org:443/fhir/r4", "HTTPS://EHR.example.org:443/fhir/r4"),
        ("https://ehr.example.org/fhir/r4/hospital-7", "https://ehr.example.org/fhir/r4/hospital-7"),
    ],
)
def test_the_listed_server_is_allowed_however_its_host_is_written(server: str, expected: str) -> None:
    assert allowed_base(server, BASES, dev=False) == expected


@pytest.mark.requirement("CH-094")
@pytest.mark.parametrize(
    "server",
    [
        "",
        "ehr.example.org/fhir/r4",
        "http://ehr.example.org/fhir/r4",
        "https://ehr.example.org:8443/fhir/r4",
        "https://ehr.example.org",
        "https://ehr.example.org/fhir/r40",
        "https://ehr.example.org/FHIR/r4",
        "https://ehr.example.org/fhir/r4/../../admin",
        "https://ehr.example.org/fhir/r4/%2e%2e/admin",
        "https://ehr.example.org/fhir/r4?x=1",
        "https://ehr.example.org/fhir/r4#x",
        "https://ehr.example.org.evil.example/fhir/r4",
        "https://evil.example/ehr.example.org/fhir/r4",
        "https://ehr-example.org/fhir/r4",
        "https://ehr.example.org./fhir/r4",
        "https://ehr.example.org@evil.example/fhir/r4",
        "https://user:secret@ehr.example.org/fhir/r4",
        "https://ehr.example.org\\@evil.example/fhir/r4",
        "https://ehr.example.org%40evil.example/fhir/r4",
        "https://ehr.example.org\t/fhir/r4",
        "https://ehr.example.org\r\nX: y/fhir/r4",
        "https://\u0435hr.example.org/fhir/r4",  # a Cyrillic letter
        "https:///ehr.example.org/fhir/r4",
        "https:ehr.example.org/fhir/r4",
        "file:///etc/passwd",
        "https://127.0.0.1/fhir/r4",
        "https://169.254.169.254/fhir/r4",
    ],
)
def test_any_other_server_is_not(server: str) -> None:
    assert allowed_base(server, BASES, dev=False) is None
    assert allowed_base(server, BASES, dev=True) is None


@pytest.mark.requirement("CH-094")
@pytest.mark.parametrize(
    "server",
    [
        "https://127.0.0.1/fhir",
        "https://127.8.8.8/fhir",
        "https://localhost/fhir",
        "https://ehr.localhost/fhir",
        "https://[::1]/fhir",
        "https://[::ffff:127.0.0.1]/fhir",
        "https://169.254.169.254/latest",
        "https://[fe80::1]/fhir",
        "https://0.0.0.0/fhir",
        "https://2130706433/fhir",
        "https://0x7f000001/fhir",
        "https://127.1/fhir",
        "https://0177.0.0.1/fhir",
    ],
)
def test_this_machine_and_its_segment_are_refused_even_when_listed_except_in_dev(server: str) -> None:
    assert why_refused(server, dev=False) != ""
    assert allowed_base(server, (server,), dev=False) is None
    assert allowed_base(server, (server,), dev=True) == server


def test_an_ehr_may_be_on_a_private_network() -> None:
    assert why_refused("https://10.20.30.40:8443/fhir", dev=False) == ""


def test_plain_http_is_for_the_dev_profile() -> None:
    assert why_refused("http://ehr.example.org/fhir", dev=False) == "expected https"
    assert why_refused("http://ehr.example.org/fhir", dev=True) == ""


@pytest.mark.requirement("CH-079")
@pytest.mark.requirement("CH-095")
@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (
            "https://ehr.example.org/fhir/r4?_getpages=x&_offset=50",
            "https://ehr.example.org/fhir/r4?_getpages=x&_offset=50",
        ),
        ("https://ehr.example.org:443/paging/7", "https://ehr.example.org:443/paging/7"),
        ("Condition?page=2", "https://ehr.example.org/fhir/r4/Condition?page=2"),
        ("?page=2", "https://ehr.example.org/fhir/r4/Condition?page=2"),
        ("http://ehr.example.org/fhir/r4?page=2", None),
        ("https://evil.example/fhir/r4?page=2", None),
        ("//evil.example/fhir/r4?page=2", None),
        ("https://ehr.example.org@evil.example/?page=2", None),
        ("https://ehr.example.org\\@evil.example/?page=2", None),
        ("https://ehr.example.org:8443/?page=2", None),
        ("javascript:alert(1)", None),
        ("//[", None),
    ],
)
def test_a_next_page_is_followed_on_the_same_origin_only(link: str, expected: str | None) -> None:
    assert next_page(link, "https://ehr.example.org/fhir/r4/Condition?patient=1") == expected


@given(st.text())
def test_any_text_is_either_an_origin_or_none(text: str) -> None:
    origin = origin_of(text)
    assert origin is None or origin.scheme in ("http", "https")
    assert allowed_base(text, BASES, dev=True) in (None, text.rstrip("/"))
