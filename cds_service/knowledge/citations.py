"""Where a citation can be read: the address that follows from the identifier it names, and from nothing else."""

import re
from collections.abc import Mapping
from urllib.parse import quote_plus

from cds_service.knowledge.rules import Evidence

SECOND_WORD = (
    "acetate|acid|alafenamide|alfa|axetil|chloride|disoproxil|etexilate|ethyl|iodide|mononitrate|sodium|succinate|"
    "sulfate|tartrate|trioxide"
)
FORM = (
    "ER|XL|XR|SR|LA|IR|CR|CD|ODT|OTC|extended release|delayed release|controlled release|nasal|tablets?|capsules?|"
    "suspension|solution|injection"
)
ADDRESSES = (
    (re.compile(r"\bdoi:? ?(10\.\d{4,9}/[\w.()/:-]*\w)"), "https://doi.org/{}"),
    (re.compile(r"\bPMID:? ?(\d+)"), "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    (re.compile(r"\b(PA\d{9})\b"), "https://www.clinpgx.org/guidelineAnnotation/{}"),
    (re.compile(r"\b(?:AGS )?Beers (?:[Cc]riteria )?2023\b"), "https://doi.org/10.1111/jgs.18372"),
    (re.compile(r"\b(?:STOPP|START)(?:/START)? (?:version |v)3\b"), "https://doi.org/10.1007/s41999-023-00777-y"),
    (re.compile(r"^LactMed\b"), "https://www.ncbi.nlm.nih.gov/books/NBK501922/"),
    (
        re.compile(rf"^FDA ([A-Za-z][a-z-]+(?: and [a-z][a-z-]+)?(?: (?:{SECOND_WORD}))?)(?: (?:{FORM}))* label\b"),
        "https://dailymed.nlm.nih.gov/dailymed/search.cfm?labeltype=human&query={}",
    ),
)
"""Digital object identifiers, PubMed and ClinPGx (CPIC guidelines) have one page each, as have an edition of the Beers
or STOPP/START criteria and LactMed. Labels change with their makers: DailyMed lists those in force of the drug that the
citation names."""


def read_evidence(entry: Mapping[str, str]) -> Evidence:
    """The evidence of an entry, with the address its author wrote, else the one that its citation gives."""
    evidence = Evidence(**entry)
    return evidence if evidence.url else Evidence(evidence.citation, address_of(evidence.citation), evidence.quality)


def address_of(citation: str) -> str:
    """An https address, or "" when the citation names nothing that has one."""
    for pattern, address in ADDRESSES:
        if found := pattern.search(citation):
            return address.format(*(quote_plus(part, safe="/:()") for part in found.groups()))
    return ""
