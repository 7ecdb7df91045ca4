"""Reads the official RxNorm release (Current Prescribable Content, RRF files) into the folder an index is built from.

Columns and relations: RxNorm Technical Documentation, sections 12.4 (RXNCONSO), 12.5 (RXNREL) and 12.6 (RXNSAT). A
relation row reads "RXCUI2 RELA RXCUI1".
"""

import io
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cds_service.errors import BadKnowledge, KnowledgeProblem
from cds_service.terminology.source import (
    BRAND,
    COMPONENT,
    DRUG,
    DRUG_INGREDIENT,
    INGREDIENT,
    NDC,
    Row,
    write_rows,
)

_KEPT = {"IN", "PIN", "MIN", "SCDC", "SCD", "SBD", "GPCK", "BPCK", "DF", "BN"}
_PRODUCTS = ("SCD", "SBD", "GPCK", "BPCK")
_RELATIONS = {
    "consists_of", "has_ingredient", "has_precise_ingredient", "has_dose_form", "tradename_of", "contains", "form_of",
}  # fmt: skip
_ATTRIBUTES = {"RXN_STRENGTH", "RXN_QUANTITY", "RXN_HUMAN_DRUG", "RXN_VET_DRUG", "NDC"}
_STRENGTH = re.compile(r"([0-9.]+) (\S+)")
_BRACKET = re.compile(r"\[([^\]]+)\]$")
_RELEASE = re.compile(r"_(\d{2})(\d{2})(\d{4})\.zip$")


@dataclass(slots=True)
class _Release:
    """The rows of a release that matter here, by code."""

    tty: dict[str, str] = field(default_factory=dict)
    name: dict[str, str] = field(default_factory=dict)
    related: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    attributes: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def of(self, tty: str) -> list[str]:
        return [rxcui for rxcui, found in self.tty.items() if found == tty]

    def follow(self, rxcui: str, relation: str, *ttys: str) -> list[str]:
        """Codes that `rxcui` has this relation to, of these types, in code order."""
        return sorted((code for code in self.related[rxcui, relation] if self.tty.get(code) in ttys), key=int)

    def attribute(self, rxcui: str, name: str) -> str:
        return min(self.attributes[rxcui, name], default="")


def import_rxnorm(zip_path: Path, out_folder: Path) -> Counter[str]:
    """Write the RxNorm tables of a source folder from a release zip; returns how many concepts of each type it held.

    Veterinary-only products are left out. Retired codes are not in the prescribable release, nor are drug classes:
    `carry.carry_classes` writes those. Raises BadKnowledge when a file is missing, a row is cut short, or a clinical
    drug has no ingredient.
    """
    with zipfile.ZipFile(zip_path) as archive:
        release = _read_release(archive)
    found = _RELEASE.search(zip_path.name)
    source = "rxnorm-prescribe" + (f"-{found[3]}-{found[1]}" if found else "")
    products = [code for tty in _PRODUCTS for code in release.of(tty) if not _is_veterinary(release, code)]
    components = {code: _components_of(release, code) for code in products}
    for code in products:
        if release.tty[code] == "SCD" and not any(release.follow(c, "has_ingredient", "IN") for c in components[code]):
            raise _problem("RXNREL.RRF", f"clinical drug {code} ({release.name[code]}) has no ingredient")
    write_rows(out_folder, DRUG, (_drug_row(release, code, source) for code in products))
    write_rows(out_folder, DRUG_INGREDIENT, _part_rows(release, components))
    write_rows(out_folder, INGREDIENT, _ingredient_rows(release))
    write_rows(out_folder, COMPONENT, (_component_row(release, code) for code in release.of("SCDC")))
    write_rows(out_folder, BRAND, _brand_rows(release, products))
    write_rows(out_folder, NDC, _ndc_rows(release, products))
    return Counter(release.tty.values())


def _read_release(archive: zipfile.ZipFile) -> _Release:
    release = _Release()
    for row in _read_rrf(archive, "RXNCONSO.RRF", 18):
        if row[1] == "ENG" and row[11] == "RXNORM" and row[16] == "N" and row[12] in _KEPT:
            release.tty[row[0]] = row[12]
            release.name[row[0]] = row[14]
    for row in _read_rrf(archive, "RXNREL.RRF", 16):
        if row[10] == "RXNORM" and row[7] in _RELATIONS and row[0] and row[4]:
            release.related[row[4], row[7]].add(row[0])
    for row in _read_rrf(archive, "RXNSAT.RRF", 13):
        if row[9] == "RXNORM" and row[8] in _ATTRIBUTES and row[11] in ("", "N"):
            release.attributes[row[0], row[8]].add(row[10])
    return release


def _read_rrf(archive: zipfile.ZipFile, name: str, columns: int) -> Iterator[list[str]]:
    member = next((found for found in archive.namelist() if found == name or found.endswith(f"rrf/{name}")), None)
    if member is None:
        raise _problem(name, "not found in the zip, expected rrf/" + name)
    with archive.open(member) as raw:
        for number, line in enumerate(io.TextIOWrapper(raw, encoding="utf-8"), start=1):
            row = line.rstrip("\n").split("|")
            if len(row) < columns:
                raise _problem(name, f"found {len(row)} columns, expected {columns}", number)
            yield row


def _is_veterinary(release: _Release, code: str) -> bool:
    return bool(release.attributes[code, "RXN_VET_DRUG"]) and not release.attributes[code, "RXN_HUMAN_DRUG"]


def _components_of(release: _Release, code: str) -> list[str]:
    """SCDCs of a product: its own, its generic's, or those of everything a pack contains."""
    if own := release.follow(code, "consists_of", "SCDC"):
        return own
    inner = [*release.follow(code, "tradename_of", "SCD"), *release.follow(code, "contains", "SCD", "SBD")]
    return sorted({component for drug in inner for component in _components_of(release, drug)}, key=int)


def _drug_row(release: _Release, code: str, source: str) -> Row:
    forms = release.follow(code, "has_dose_form", "DF")
    brands = [release.name[brand] for brand in release.follow(code, "has_ingredient", "BN")]
    bracket = _BRACKET.search(release.name[code])
    branded = release.tty[code] in ("SBD", "BPCK")
    return {
        "rxcui": code,
        "tty": release.tty[code],
        "name": release.name[code],
        "dose_form": release.name[forms[0]] if forms else "",
        "quantity_factor": release.attribute(code, "RXN_QUANTITY"),
        "brand": next(iter(brands), bracket[1] if bracket else "") if branded else "",
        "source": source,
        "status": "current",
    }


def _component_row(release: _Release, code: str) -> Row:
    ingredient = next(iter(release.follow(code, "has_ingredient", "IN")), "")
    precise = next(iter(release.follow(code, "has_precise_ingredient", "PIN")), "")
    strength = _STRENGTH.fullmatch(release.attribute(code, "RXN_STRENGTH"))
    return {
        "scdc_rxcui": code,
        "name": release.name[code],
        "ingredient_rxcui": ingredient,
        "ingredient_name": release.name.get(ingredient, ""),
        "precise_ingredient_rxcui": precise,
        "strength_value": strength[1] if strength else "",
        "strength_unit": strength[2] if strength else "",
    }


def _part_rows(release: _Release, components: dict[str, list[str]]) -> Iterator[Row]:
    for drug, codes in components.items():
        for code in codes:
            row = _component_row(release, code)
            precise = row["precise_ingredient_rxcui"]
            substance = release.name[precise] if precise else row["ingredient_name"]
            yield {**row, "drug_rxcui": drug, "strength_substance": substance}


def _ingredient_rows(release: _Release) -> Iterator[Row]:
    for tty in ("IN", "PIN", "MIN"):
        for code in release.of(tty):
            yield {
                "rxcui": code,
                "tty": tty,
                "name": release.name[code],
                "unii": "",
                "base_ingredient_rxcui": next(iter(release.follow(code, "form_of", "IN")), ""),
                "in_current_prescribe_2026_02": "Y",
            }


def _brand_rows(release: _Release, products: list[str]) -> Iterator[Row]:
    for drug in products:
        if release.tty[drug] == "SBD":
            generic = next(iter(release.follow(drug, "tradename_of", "SCD")), "")
            for brand in release.follow(drug, "has_ingredient", "BN"):
                names = {"brand_rxcui": brand, "brand_name": release.name[brand]}
                yield {**names, "sbd_rxcui": drug, "scd_rxcui": generic}


def _ndc_rows(release: _Release, products: list[str]) -> Iterator[Row]:
    for drug in products:
        for ndc in release.attributes[drug, "NDC"]:
            if len(ndc) == 11 and ndc.isdigit():
                yield {"ndc11": ndc, "rxcui": drug}


def _problem(file: str, message: str, line: int | None = None) -> BadKnowledge:
    return BadKnowledge((KnowledgeProblem(file=file, where="", message=message, line=line),))
