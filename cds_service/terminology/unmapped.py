"""Drug codings that the index cannot place, by how often they occur: the work list of whoever keeps the code map."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.errors import BadRequest
from cds_service.terminology.products import Product, Terminology

_RXNORM = ("http://www.nlm.nih.gov/research/umls/rxnorm", "urn:oid:2.16.840.1.113883.6.88")
_NDC = ("http://hl7.org/fhir/sid/ndc", "urn:oid:2.16.840.1.113883.6.69")
_DRUG_ELEMENTS = {
    "Medication": ("code",),
    "MedicationRequest": ("medicationCodeableConcept",),
    "MedicationStatement": ("medicationCodeableConcept",),
    "MedicationAdministration": ("medicationCodeableConcept",),
    "MedicationDispense": ("medicationCodeableConcept",),
}


@dataclass(frozen=True, slots=True)
class Unmapped:
    """One coding nobody could place; `system` and `code` are empty for a drug that came as text only."""

    system: str
    code: str
    display: str
    count: int


def count_unmapped(
    files: Iterable[Path], terminology: Terminology, code_map: Mapping[tuple[str, str], tuple[str, str]]
) -> tuple[Unmapped, ...]:
    """Drug concepts in FHIR or CDS Hooks files (`.json`, `.ndjson`, either with `.gz`) that resolve to no product.

    A concept resolves by any coding (RxNorm, NDC, or what `code_map` makes of it) or by an exact name. What does not
    is counted under its first coding, most frequent first. Raises BadRequest naming a file that is not JSON.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    for path in files:
        for document in _read_documents(path):
            for concept in _drug_concepts(document):
                if not _resolves(concept, terminology, code_map):
                    counts[_first_coding(concept)] += 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Unmapped(*coding, count) for coding, count in ranked)


def _read_documents(path: Path) -> Iterator[Any]:
    data = path.read_bytes()
    name = path.name
    if name.endswith(".gz"):
        data, name = gzip.decompress(data), name.removesuffix(".gz")
    texts = data.splitlines() if name.endswith(".ndjson") else [data]
    for line, text in enumerate(texts, start=1):
        if text.strip():
            try:
                yield json.loads(text.decode("utf-8-sig"))
            except ValueError as error:
                raise BadRequest(f"{path.name}:{line}", f"text that is not JSON ({error})", "FHIR JSON") from error


def _drug_concepts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for item in node:
            yield from _drug_concepts(item)
    elif isinstance(node, dict):
        for element in _DRUG_ELEMENTS.get(str(node.get("resourceType")), ()):
            if isinstance(concept := node.get(element), dict):
                yield concept
        for value in node.values():
            yield from _drug_concepts(value)


def _resolves(
    concept: dict[str, Any], terminology: Terminology, code_map: Mapping[tuple[str, str], tuple[str, str]]
) -> bool:
    codings = list(_codings(concept))
    for system, code, _ in codings:
        if _by_code(*code_map.get((system, code), (system, code)), terminology):
            return True
    texts = [str(concept.get("text") or ""), *(display for _, _, display in codings)]
    return any(terminology.by_name(text) for text in texts if text)


def _by_code(system: str, code: str, terminology: Terminology) -> Product | None:
    if system in _RXNORM:
        return terminology.by_rxcui(code)
    return terminology.by_ndc(code) if system in _NDC else None


def _codings(concept: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    codings = concept.get("coding")
    for coding in codings if isinstance(codings, list) else []:
        if isinstance(coding, dict):
            system, code, display = (str(coding.get(key) or "") for key in ("system", "code", "display"))
            yield system, code, display


def _first_coding(concept: dict[str, Any]) -> tuple[str, str, str]:
    text = str(concept.get("text") or "")
    system, code, display = next(_codings(concept), ("", "", ""))
    return system, code, display or text
