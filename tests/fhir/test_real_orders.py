"""Updates of real orders differ from the original only where meant, and stay as valid as they were."""

import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cds_service.fhir.build import change_dose, change_frequency, change_product
from cds_service.governance.valid_orders import problems
from cds_service.knowledge.suggestions import Sig
from tests.fhir.test_build import changed
from tests.support.shared import SHARED, needs_shared

pytestmark = [needs_shared, pytest.mark.shared]

FOLDER = SHARED / "data" / "patients"
NARRATIVE = r"\.text\..*"
INSTRUCTION = r"\.dosageInstruction\[0\]"
DOSE = re.compile(rf"{INSTRUCTION}(\.text|\.doseAndRate\[0\]\.doseQuantity\.value)|{NARRATIVE}")
FREQUENCY = re.compile(
    rf"{INSTRUCTION}(\.text|\.timing\.code.*|\.timing\.repeat\.(frequency|period)(Max)?|\.timing\.repeat\.periodUnit)"
    rf"|{NARRATIVE}"
)
PRODUCT = re.compile(
    rf"\.medication(CodeableConcept|Reference)\..*|\.dosageInstruction\[\d\]\..*|\.contained\[\d\]\..*"
    rf"|\.dispenseRequest\.quantity\..*|{NARRATIVE}"
)
TWICE = Sig(1, "capsule", "oral", times_per_day=2)


@cache
def orders() -> tuple[tuple[str, bytes], ...]:
    """Every published example, and those of whole patients, as they were written."""
    found = [
        (path.name, path.read_bytes())
        for folder in ("fhir_r4_examples/MedicationRequest", "us_core_examples")
        for path in sorted((FOLDER / folder).glob("*.json"))
    ]
    for path in sorted((FOLDER / "synthea_bulk10").glob("MedicationRequest*")):
        found += [(f"{path.name} {number}", line) for number, line in enumerate(lines_of(path))]
    return tuple((name, text) for name, text in found if json.loads(text).get("resourceType") == "MedicationRequest")


def lines_of(path: Path) -> Iterator[bytes]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return (line for line in text.splitlines() if line.strip())


def hold(patched: list[tuple[str, bytes, bytes]], allowed: re.Pattern[str]) -> None:
    for name, before, after in patched:
        strange = {path for path in changed(before, after) if not allowed.fullmatch(path)}
        assert strange == set(), f"{name} changed at {strange}"
        if problems(json.loads(before)) == []:
            assert problems(json.loads(after)) == [], name


def test_another_dose_changes_only_the_dose() -> None:
    patched = [(name, text, after) for name, text in orders() if (after := change_dose(text, 0.5, "half"))]
    hold(patched, DOSE)
    assert len(patched) > 300
    assert carriers(patched, "contained") > 10
    assert carriers(patched, "extension") > 0


def test_another_frequency_changes_only_the_frequency() -> None:
    patched = [(name, text, after) for name, text in orders() if (after := change_frequency(text, 5, "5 times a day"))]
    hold(patched, FREQUENCY)
    assert len(patched) > 300
    assert carriers(patched, "contained") > 10


def test_another_product_changes_only_the_product_and_its_dosage() -> None:
    product = ("1364435", "apixaban 2.5 MG Oral Tablet", TWICE)
    patched = [(name, text, after) for name, text in orders() if (after := change_product(text, *product))]
    hold(patched, PRODUCT)
    assert len(patched) > 1000
    assert carriers(patched, "identifier") > 30


def carriers(patched: list[tuple[str, bytes, bytes]], member: str) -> int:
    """How many patched orders have this member."""
    found: list[dict[str, Any]] = [json.loads(before) for _, before, _ in patched]
    return sum(member in order for order in found)
