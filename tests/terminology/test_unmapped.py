import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import BadRequest
from cds_service.terminology.index import RxNormIndex
from cds_service.terminology.show import show_product
from cds_service.terminology.unmapped import Unmapped, count_unmapped
from tests.support.shared import SHARED, needs_shared

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"


def order(*codings: tuple[str, str, str], text: str | None = None) -> dict[str, Any]:
    coding = [{"system": system, "code": code, "display": display} for system, code, display in codings]
    return {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"coding": coding, "text": text}}


def test_what_does_not_resolve_is_counted_most_frequent_first(index: RxNormIndex, tmp_path: Path) -> None:
    local = ("urn:site", "X1", "house mixture")
    entries = [
        order(local), order(local), order(text="Grandmother's tea"), order((RXNORM, "999999999", "")),
        order((RXNORM, "855332", "")), order((NDC, "0002-0152-01", "")), order(text="Warfarin"),
        order(("urn:site", "X2", "")),
        {"resourceType": "Medication", "code": {"coding": [{"system": RXNORM, "code": "161"}]}},
        {"resourceType": "MedicationRequest", "medicationReference": {"reference": "Medication/1"}},
        {"resourceType": "Condition", "code": {"text": "not a drug"}},
    ]  # fmt: skip
    path = tmp_path / "request.json"
    path.write_text(json.dumps({"prefetch": {"medications": {"entry": [{"resource": entry} for entry in entries]}}}))
    assert count_unmapped([path], index, {("urn:site", "X2"): (RXNORM, "161")}) == (
        Unmapped("urn:site", "X1", "house mixture", 2),
        Unmapped("", "", "Grandmother's tea", 1),
        Unmapped(RXNORM, "999999999", "", 1),
    )


def test_ndjson_and_gzip_are_read(index: RxNormIndex, tmp_path: Path) -> None:
    lines = [json.dumps(order(text="tea")), "", json.dumps(order(text="tea"))]
    path = tmp_path / "Medication.ndjson.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert count_unmapped([path], index, {}) == (Unmapped("", "", "tea", 2),)


def test_odd_shapes_are_passed_over(index: RxNormIndex, tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    odd: list[Any] = [None, 1, {"resourceType": ["Medication"]}, {"resourceType": "Medication", "code": "aspirin"}]
    odd.append({"resourceType": "Medication", "code": {"coding": ["aspirin"], "text": None}})
    path.write_text(json.dumps(odd))
    assert count_unmapped([path], index, {}) == (Unmapped("", "", "", 1),)


def test_a_file_that_is_not_json_is_named(index: RxNormIndex, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text("{")
    with pytest.raises(BadRequest, match=r"broken\.json:1"):
        count_unmapped([path], index, {})


def test_a_product_is_shown_one_fact_per_line(index: RxNormIndex) -> None:
    shown = show_product("1719286", index)
    assert shown.splitlines()[:8] == [
        "1719286  10 ML furosemide 10 MG/ML Injection",
        "type        SCD",
        "status      current (from rxnorm-prescribe-2025-10)",
        "ingredient  4603  furosemide 10 mg/mL",
        "dose form   Injection",
        "route       systemic",
        "brand       none",
        "quantity    10 mL",
    ]
    assert "Loop Diuretic" in shown


def test_an_unknown_code_is_said_to_be_unknown(index: RxNormIndex) -> None:
    assert show_product("nonsense", index) == "nonsense: not in the index"


@needs_shared
def test_of_the_drugs_on_120_synthetic_patients_one_pack_is_unknown(index: RxNormIndex) -> None:
    files = sorted((SHARED / "data/patients/synthea").glob("*.json.gz"))
    assert len(files) == 120
    assert count_unmapped(files, index, {}) == (Unmapped(RXNORM, "1359133", "Estrostep Fe 28 Day Pack", 1),)
