"""A citation leads to the page that its identifier names."""

import pytest

from cds_service.knowledge.citations import address_of, read_evidence
from cds_service.knowledge.rules import Evidence


@pytest.mark.parametrize(
    ("citation", "address"),
    [
        ("AGS Beers Criteria 2023, doi 10.1111/jgs.18372, Table 2", "https://doi.org/10.1111/jgs.18372"),
        ("AAAAI 2022 (doi 10.1016/j.jaci.2022.08.028)", "https://doi.org/10.1016/j.jaci.2022.08.028"),
        ("START version 3, doi 10.1007/s41999-023-00777-y.", "https://doi.org/10.1007/s41999-023-00777-y"),
        ("Strom et al., NEJM 2003, PMID 14573734", "https://pubmed.ncbi.nlm.nih.gov/14573734/"),
        (
            "CPIC guideline for clopidogrel and CYP2C19 (PA166104948), CC0",
            "https://www.clinpgx.org/guidelineAnnotation/PA166104948",
        ),
        (
            "FDA gabapentin label, section 2.4",
            "https://dailymed.nlm.nih.gov/dailymed/search.cfm?labeltype=human&query=gabapentin",
        ),
        (
            "FDA metoprolol succinate ER label 2",
            "https://dailymed.nlm.nih.gov/dailymed/search.cfm?labeltype=human&query=metoprolol+succinate",
        ),
        (
            "FDA piperacillin and tazobactam label, section 2",
            "https://dailymed.nlm.nih.gov/dailymed/search.cfm?labeltype=human&query=piperacillin+and+tazobactam",
        ),
        ("AGS Beers criteria 2023, table 6", "https://doi.org/10.1111/jgs.18372"),
        ("STOPP version 3, criterion A3", "https://doi.org/10.1007/s41999-023-00777-y"),
        ("LactMed", "https://www.ncbi.nlm.nih.gov/books/NBK501922/"),
    ],
)
def test_an_identifier_gives_the_address(citation: str, address: str) -> None:
    assert address_of(citation) == address


@pytest.mark.parametrize(
    "citation",
    [
        "House rule",
        "FDA labels, section 4",
        "FDA celecoxib and zonisamide labels, section 4",
        "FDA combined oral label",
        "FDA azathioprine/mercaptopurine label 7",
        "AGS Beers criteria",
    ],
)
def test_a_citation_that_names_no_one_page_has_no_address(citation: str) -> None:
    assert address_of(citation) == ""


def test_the_address_an_author_wrote_stays() -> None:
    written = {"citation": "PMID 14573734", "url": "https://example.org/paper", "quality": "high"}
    assert read_evidence(written) == Evidence("PMID 14573734", "https://example.org/paper", "high")
