"""Where a citation can be read: the address that follows from the identifier it names, and from nothing else."""

import re
from collections.abc import Mapping

from cds_service.knowledge.rules import Evidence

ADDRESSES = (
    (re.compile(r"\bdoi:? ?(10\.\d{4,9}/[\w.()/:-]*\w)"), "https://doi.org/{}"),
    (re.compile(r"\bPMID:? ?(\d+)"), "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    (re.compile(r"\b(PA\d{9})\b"), "https://www.clinpgx.org/guidelineAnnotation/{}"),
    (
        re.compile(r"^FDA ([a-z][a-z-]+) label\b"),
        "https://dailymed.nlm.nih.gov/dailymed/search.cfm?labeltype=human&query={}",
    ),
)
"""Digital object identifiers, PubMed and ClinPGx (CPIC guidelines) have one page each. Labels change with their makers:
DailyMed lists those in force of the drug that the citation names."""


def read_evidence(entry: Mapping[str, str]) -> Evidence:
    """The evidence of an entry, with the address its author wrote, else the one that its citation gives."""
    evidence = Evidence(**entry)
    return evidence if evidence.url else Evidence(evidence.citation, address_of(evidence.citation), evidence.quality)


def address_of(citation: str) -> str:
    """An https address, or "" when the citation names nothing that has one."""
    for pattern, address in ADDRESSES:
        if found := pattern.search(citation):
            return address.format(found[1])
    return ""
