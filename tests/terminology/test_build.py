"""Building an index from a hand-made source folder, and from the shared tables."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from cds_service.errors import BadKnowledge
from cds_service.terminology.build import build_index
from cds_service.terminology.carry import carry_classes
from cds_service.terminology.index import RxNormIndex, open_index
from cds_service.terminology.products import Route, Strength
from cds_service.terminology.source import (
    BRAND,
    COLUMNS,
    COMPONENT,
    DRUG,
    DRUG_INGREDIENT,
    EPC,
    INGREDIENT,
    MOA,
    NDC,
    read_rows,
    write_rows,
)
from tests.support.shared import SHARED, needs_shared
from tests.terminology.conftest import INDEX

RECOVERED = INDEX.with_name("recovered.csv")

TABLES: dict[str, str] = {
    DRUG: """
        855332 | SCD | warfarin sodium 5 MG Oral Tablet | Oral Tablet | | | release | current
        855334 | SBD | warfarin sodium 5 MG Oral Tablet [Coumadin] | Oral Tablet | | Coumadin | release | legacy
        900001 | SCD | mixture without a known part Oral Tablet | Oral Tablet | | | release | current
    """,
    DRUG_INGREDIENT: """
        855332 | 11289 | warfarin | 114194 | warfarin sodium | 5 | MG
        855334 | 11289 | warfarin | 114194 | warfarin sodium | 5 | MG
        900001 | | | | unknown | 5 | MG
    """,
    INGREDIENT: """
        11289 | IN | warfarin | | | Y
        114194 | PIN | warfarin sodium | | 11289 | Y
        29046 | IN | lisinopril | | | Y
        5 | PIN | lisinopril sodium | | | N
        6 | PIN | lisinopril unheard-of | | | N
        7 | MIN | lisinopril / warfarin | | | Y
        8 | MIN | lisinopril / nowhere | | | Y
        9 | IN | sodium | | | Y
        10 | IN | hyaluronate | | | Y
        11 | PIN | sodium hyaluronate | | 10 | Y
        12 | PIN | sodium sodium | | | Y
    """,
    COMPONENT: """
        316000 | warfarin sodium 5 MG | 11289 | warfarin | 114194 | 5 | MG
        316001 | mystery 5 MG | | | | 5 | MG
    """,
    BRAND: """
        202421 | Coumadin | 855334 | 855332
    """,
    NDC: """
        00056017270 | 855334
        00056017275 | 999999
    """,
    EPC: """
        114194 | warfarin sodium | PIN | EPC | N0000175476 | Vitamin K Antagonist | DIRECT
        11289 | warfarin | IN | EPC | N0000193901 | Hematology Agent | INDIRECT
    """,
    MOA: """
        11289 | warfarin | IN | MOA | N0000000163 | Enzyme Interactions | INDIRECT
    """,
}


def write_source(folder: Path, tables: Mapping[str, str] = TABLES) -> Path:
    for file, text in tables.items():
        lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
        write_rows(folder, file, (dict(zip(COLUMNS[file], line, strict=True)) for line in lines))
    return folder


@pytest.fixture
def small(tmp_path: Path) -> RxNormIndex:
    build_index(write_source(tmp_path / "source"), tmp_path / "index.sqlite")
    return open_index(tmp_path / "index.sqlite")


def ingredients_of(index: RxNormIndex, code: str) -> list[str]:
    product = index.by_rxcui(code)
    return [ingredient.rxcui for ingredient in product.ingredients] if product else []


def test_what_has_no_known_ingredient_is_left_out(small: RxNormIndex) -> None:
    assert [small.by_rxcui(code) for code in ("900001", "316001", "8", "6")] == [None] * 4


def test_a_salt_without_a_link_is_placed_by_words_that_linked_salts_use(small: RxNormIndex) -> None:
    assert ingredients_of(small, "5") == ["29046"]


def test_an_ingredient_that_linked_pairs_contradict_takes_no_salt(small: RxNormIndex) -> None:
    assert ingredients_of(small, "11") == ["10"]
    assert ingredients_of(small, "12") == []


def test_a_combination_has_the_ingredients_its_name_lists(small: RxNormIndex) -> None:
    assert ingredients_of(small, "7") == ["29046", "11289"]


def test_a_retired_product_gives_the_route_only_for_want_of_a_current_one(small: RxNormIndex) -> None:
    brand = small.by_rxcui("202421")
    assert brand is not None
    assert (brand.name, brand.route) == ("warfarin [Coumadin]", Route.SYSTEMIC)
    assert small.by_rxcui("29046").route is Route.UNKNOWN  # type: ignore[union-attr]


def test_an_ndc_of_an_unknown_product_is_left_out(small: RxNormIndex) -> None:
    assert small.by_ndc("00056-0172-70").rxcui == "855334"  # type: ignore[union-attr]
    assert small.by_ndc("00056-0172-75") is None


def test_established_classes_count_only_where_a_label_states_them(small: RxNormIndex) -> None:
    assert small.classes("11289") == {"N0000175476", "N0000000163"}


def test_classes_are_carried_into_the_next_source_folder(small: RxNormIndex, tmp_path: Path) -> None:
    carry_classes(small, tmp_path / "next")
    assert [row["class_id"] for row in read_rows(tmp_path / "next", EPC)] == ["N0000175476"]
    assert [row["rxcui"] for row in read_rows(tmp_path / "next", MOA)] == ["11289"]


def test_the_same_rows_in_another_order_give_the_same_digest(tmp_path: Path) -> None:
    first = build_index(write_source(tmp_path / "one"), tmp_path / "one.sqlite")
    folder = write_source(tmp_path / "two")
    for file in (DRUG, INGREDIENT, EPC):
        head, *rows = (folder / file).read_text().splitlines()
        (folder / file).write_text("\n".join([head, *reversed(rows)]))
    assert build_index(folder, tmp_path / "two.sqlite") == first


def test_a_changed_row_changes_the_digest(tmp_path: Path) -> None:
    first = build_index(write_source(tmp_path / "one"), tmp_path / "one.sqlite")
    changed = {**TABLES, MOA: TABLES[MOA].replace("Enzyme Interactions", "Enzyme Interaction")}
    assert build_index(write_source(tmp_path / "two", changed), tmp_path / "two.sqlite") != first


def test_recovered_names_are_read_by_rxnorm_grammar(tmp_path: Path) -> None:
    recovered = tmp_path / "recovered.csv"
    recovered.write_text(
        "rxcui,tty,name,source\n"
        "1,SBD,Lisinopril 2.5 MG / Warfarin Sodium 5 MG Oral Tablet [Both],display:test\n"
        "2,SBDC,Warfarin [Coumadin],display:test\n"
        "855332,SCD,lisinopril 5 MG Oral Tablet,display:test\n"
    )
    build_index(write_source(tmp_path / "source"), tmp_path / "index.sqlite", recovered)
    index = open_index(tmp_path / "index.sqlite")
    both = index.by_rxcui("1")
    assert both is not None
    assert (both.dose_form, both.brand, both.route) == ("Oral Tablet", "Both", Route.SYSTEMIC)
    assert [ingredient.strength for ingredient in both.ingredients] == [Strength(2.5, "mg"), Strength(5, "mg")]
    assert ingredients_of(index, "2") == ["11289"]
    assert ingredients_of(index, "855332") == ["11289"], "the folder's own row stands"
    assert index.provenance("1") == (False, "display:test")


def test_a_recovered_name_with_an_unknown_substance_is_named(tmp_path: Path) -> None:
    recovered = tmp_path / "recovered.csv"
    recovered.write_text("rxcui,tty,name,source\n1,SCD,moonstone 5 MG Oral Tablet,display:test\n")
    with pytest.raises(BadKnowledge, match="moonstone"):
        build_index(write_source(tmp_path / "source"), tmp_path / "index.sqlite", recovered)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match=r"rxnorm_ingredient\.csv: not found"):
        build_index(tmp_path, tmp_path / "index.sqlite")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    folder = write_source(tmp_path / "source")
    path = folder / INGREDIENT
    path.write_text(path.read_text().replace("unii", "uni"))
    with pytest.raises(BadKnowledge, match=r"rxnorm_ingredient\.csv:1: column unii not found"):
        build_index(folder, tmp_path / "index.sqlite")


def test_a_code_that_is_no_number_is_named_with_its_line(tmp_path: Path) -> None:
    folder = write_source(tmp_path / "source")
    path = folder / INGREDIENT
    path.write_text(path.read_text().replace("29046", "29O46"))
    with pytest.raises(BadKnowledge, match=r"rxnorm_ingredient\.csv:\d+: rxcui: found '29O46', expected a number"):
        build_index(folder, tmp_path / "index.sqlite")


@needs_shared
def test_the_shared_tables_reproduce_the_shipped_index(tmp_path: Path, index: RxNormIndex) -> None:
    assert build_index(SHARED / "data/drugs", tmp_path / "rxnorm.sqlite", RECOVERED) == index.digest
