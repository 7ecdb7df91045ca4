"""A hand-made release in RRF: one clinical drug, its brand, a pack, a combination and a veterinary product."""

import zipfile
from pathlib import Path

import pytest

from cds_service.errors import BadKnowledge
from cds_service.terminology.build import build_index
from cds_service.terminology.carry import carry_classes
from cds_service.terminology.index import RxNormIndex, open_index
from cds_service.terminology.products import Route, Strength
from cds_service.terminology.rrf import import_rxnorm

CONCEPTS = {
    "11289": ("IN", "warfarin"),
    "114194": ("PIN", "warfarin sodium"),
    "161": ("IN", "acetaminophen"),
    "7": ("MIN", "acetaminophen / warfarin"),
    "316000": ("SCDC", "warfarin sodium 5 MG"),
    "316001": ("SCDC", "acetaminophen 325 MG"),
    "317541": ("DF", "Oral Tablet"),
    "746839": ("DF", "Pack"),
    "202421": ("BN", "Coumadin"),
    "855332": ("SCD", "warfarin sodium 5 MG Oral Tablet"),
    "855334": ("SBD", "warfarin sodium 5 MG Oral Tablet [Coumadin]"),
    "313782": ("SCD", "acetaminophen 325 MG Oral Tablet"),
    "800": ("BPCK", "{2 (acetaminophen 325 MG Oral Tablet) / 1 (warfarin sodium 5 MG Oral Tablet) } Pack [Duo]"),
    "900": ("SCD", "warfarin sodium 5 MG Oral Bolus"),
}
# "RXCUI2 RELA RXCUI1", written as subject, relation, object
RELATIONS = [
    ("114194", "form_of", "11289"),
    ("316000", "has_ingredient", "11289"),
    ("316000", "has_precise_ingredient", "114194"),
    ("316001", "has_ingredient", "161"),
    ("855332", "consists_of", "316000"),
    ("855332", "has_dose_form", "317541"),
    ("855334", "tradename_of", "855332"),
    ("855334", "has_dose_form", "317541"),
    ("855334", "has_ingredient", "202421"),
    ("313782", "consists_of", "316001"),
    ("313782", "has_dose_form", "317541"),
    ("800", "contains", "313782"),
    ("800", "contains", "855332"),
    ("800", "has_dose_form", "746839"),
    ("900", "consists_of", "316000"),
]
ATTRIBUTES = [
    ("316000", "RXN_STRENGTH", "5 MG"),
    ("316001", "RXN_STRENGTH", "325 MG"),
    ("855332", "RXN_QUANTITY", "24 HR"),
    ("855332", "NDC", "00056017270"),
    ("855332", "NDC", "not-an-ndc"),
    ("900", "RXN_VET_DRUG", "US"),
]


def release(
    folder: Path,
    concepts: dict[str, tuple[str, str]] = CONCEPTS,
    relations: list[tuple[str, str, str]] = RELATIONS,
    cut: str = "",
) -> Path:
    conso = [f"{code}|ENG||||||||||RXNORM|{tty}||{name}||N||" for code, (tty, name) in concepts.items()]
    conso += ["1|SPA||||||||||RXNORM|IN||warfarina||N||", "2|ENG||||||||||MSH|IN||Warfarin||N||"]
    rel = [f"{to}|||||||{relation}|||RXNORM||||||" for _, relation, to in relations]
    rel = [line.replace("|||||||", f"||||{who}|||", 1) for line, (who, _, _) in zip(rel, relations, strict=True)]
    sat = [f"{code}||||||||{name}|RXNORM|{value}|N||" for code, name, value in ATTRIBUTES]
    path = folder / "RxNorm_full_prescribe_10062025.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, lines in (("RXNCONSO", conso), ("RXNREL", rel), ("RXNSAT", sat)):
            if name != cut:
                archive.writestr(f"rrf/{name}.RRF", "\n".join(lines) + "\n")
    return path


@pytest.fixture
def imported(tmp_path: Path, index: RxNormIndex) -> RxNormIndex:
    counts = import_rxnorm(release(tmp_path), tmp_path / "source")
    assert (counts["SCD"], counts["IN"], counts["BPCK"]) == (3, 2, 1)
    carry_classes(index, tmp_path / "source")
    build_index(tmp_path / "source", tmp_path / "index.sqlite")
    return open_index(tmp_path / "index.sqlite")


def test_an_official_release_becomes_an_index(imported: RxNormIndex) -> None:
    warfarin = imported.by_rxcui("855332")
    assert warfarin is not None
    assert [(i.rxcui, i.strength) for i in warfarin.ingredients] == [("11289", Strength(5, "mg"))]
    assert (warfarin.dose_form, warfarin.route, warfarin.quantity) == (
        "Oral Tablet",
        Route.SYSTEMIC,
        Strength(24, "h"),
    )
    assert imported.provenance("855332") == (True, "rxnorm-prescribe-2025-10")


def test_brands_packs_salts_and_combinations_keep_their_ingredients(imported: RxNormIndex) -> None:
    found = {code: imported.by_rxcui(code) for code in ("855334", "800", "114194", "7", "202421")}
    assert {code: [i.rxcui for i in product.ingredients] for code, product in found.items() if product} == {
        "855334": ["11289"],
        "800": ["161", "11289"],
        "114194": ["11289"],
        "7": ["161", "11289"],
        "202421": ["11289"],
    }
    assert (found["855334"].brand, found["800"].brand) == ("Coumadin", "Duo")  # type: ignore[union-attr]


def test_codes_of_packages_come_along_and_malformed_ones_do_not(imported: RxNormIndex) -> None:
    assert imported.by_ndc("00056-0172-70").rxcui == "855332"  # type: ignore[union-attr]


def test_a_veterinary_product_is_left_out(imported: RxNormIndex) -> None:
    assert imported.by_rxcui("900") is None


def test_classes_come_from_the_index_in_use(imported: RxNormIndex) -> None:
    assert "N0000175476" in imported.classes("11289")


def test_a_clinical_drug_without_ingredient_stops_the_import(tmp_path: Path) -> None:
    relations = [relation for relation in RELATIONS if relation[:2] != ("316001", "has_ingredient")]
    with pytest.raises(BadKnowledge, match="clinical drug 313782"):
        import_rxnorm(release(tmp_path, relations=relations), tmp_path / "source")


@pytest.mark.parametrize("cut", ["RXNCONSO", "RXNREL", "RXNSAT"])
def test_a_missing_file_is_named(tmp_path: Path, cut: str) -> None:
    with pytest.raises(BadKnowledge, match=rf"{cut}\.RRF: not found"):
        import_rxnorm(release(tmp_path, cut=cut), tmp_path / "source")


def test_a_row_cut_short_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "short.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rrf/RXNCONSO.RRF", "161|ENG|\n")
    with pytest.raises(BadKnowledge, match=r"RXNCONSO\.RRF:1: found 3 columns, expected 18"):
        import_rxnorm(path, tmp_path / "source")
