"""Code systems by their canonical URI, whatever spelling a chart uses."""

from types import MappingProxyType

from cds_service.chart.drugs import Coded
from cds_service.fhir.resources import CodeableConcept, Coding

SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD9CM = "http://hl7.org/fhir/sid/icd-9-cm"
NDFRT = "http://hl7.org/fhir/ndfrt"
MEDRT = "http://va.gov/terminology/medrt"
UNII = "http://fdasis.nlm.nih.gov"
LOINC = "http://loinc.org"
CVX = "http://hl7.org/fhir/sid/cvx"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
CPT = "http://www.ama-assn.org/go/cpt"
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"

# Object identifiers are those of the HL7 OID registry, as C-CDA documents and EHRs that grew out of them write them.
_SPELLINGS = MappingProxyType(
    {
        "urn:oid:2.16.840.1.113883.6.96": SNOMED,
        "urn:oid:2.16.840.1.113883.6.88": RXNORM,
        "urn:oid:2.16.840.1.113883.6.69": NDC,
        "urn:oid:2.16.840.1.113883.6.90": ICD10CM,
        "urn:oid:2.16.840.1.113883.6.3": ICD10,
        "urn:oid:2.16.840.1.113883.6.103": ICD9CM,
        "urn:oid:2.16.840.1.113883.6.1": LOINC,
        "urn:oid:2.16.840.1.113883.6.12": CPT,
        "urn:oid:2.16.840.1.113883.6.4": ICD10PCS,
        "urn:oid:2.16.840.1.113883.6.285": HCPCS,
        "urn:oid:2.16.840.1.113883.12.292": CVX,
        "http://hl7.org/fhir/sid/icd-9": ICD9CM,
        "http://rxnav.nlm.nih.gov/REST/Ndfrt": NDFRT,
        "http://fda.gov/UNII": UNII,
    }
)


def canonical(system: str | None) -> str:
    """The canonical URI of a system; an unknown one as it is, an absent one empty."""
    tidy = (system or "").strip().rstrip("/")
    return _SPELLINGS.get(tidy, tidy)


def codes_in(concept: CodeableConcept | None, systems: frozenset[str]) -> tuple[Coded, ...]:
    """The codings of a concept that are in one of `systems`, each once."""
    if concept is None:
        return ()
    found: dict[tuple[str, str], Coded] = {}
    for coding in concept.coding:
        system, code = canonical(coding.system), (coding.code or "").strip()
        if code and system in systems:
            found.setdefault((system, code), Coded(system, code, coding.display or ""))
    return tuple(found.values())


def text_of(concept: CodeableConcept | None) -> str:
    """What the chart calls a concept: its text, else the first display, else the first code; empty if none."""
    if concept is None:
        return ""
    if concept.text:
        return concept.text
    displays = (coding.display for coding in concept.coding if coding.display)
    return next(displays, "") or next((coding.code for coding in concept.coding if coding.code), "") or ""


def texts_of(concept: CodeableConcept) -> tuple[str, ...]:
    """Every wording of a concept, its text first."""
    return tuple(text for text in (concept.text, *(coding.display for coding in concept.coding)) if text)


def coding_key(coding: Coding) -> tuple[str, str]:
    """A coding as the site's code map writes it."""
    return (coding.system or "").strip(), (coding.code or "").strip()
