"""The shipped index, asked for facts printed in RxNorm itself (Current Prescribable Content, October 2025)."""

import csv
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cds_service.errors import BadKnowledge
from cds_service.terminology.index import RxNormIndex, open_index
from cds_service.terminology.products import Route, Strength, Terminology
from cds_service.terminology.schema import digest_of
from tests.support.shared import SHARED, needs_shared
from tests.terminology.conftest import INDEX


def contents(index: RxNormIndex, code: str) -> dict[str, Strength | None]:
    product = index.by_rxcui(code)
    assert product is not None
    return {ingredient.name: ingredient.strength for ingredient in product.ingredients}


@pytest.mark.parametrize(
    ("code", "tty", "ingredients", "route"),
    [
        ("855332", "SCD", {"warfarin": Strength(5, "mg")}, Route.SYSTEMIC),
        ("93252", "SBD", {"hydrochlorothiazide": Strength(50, "mg"), "triamterene": Strength(75, "mg")},
                         Route.SYSTEMIC),
        ("258300", "SCDC", {"sildenafil": Strength(25, "mg")}, Route.SYSTEMIC),
        ("202633", "BN", {"fluorouracil": None}, Route.TOPICAL),
        ("11289", "IN", {"warfarin": None}, Route.SYSTEMIC),
        ("19711", "MIN", {"amoxicillin": None, "clavulanate": None}, Route.SYSTEMIC),
        ("748859", "BPCK", {"ethinyl estradiol": Strength(0.035, "mg"), "ethynodiol": Strength(1, "mg"),
                            "inert ingredients": Strength(1, "mg")}, Route.SYSTEMIC),
        # one pack, three strengths of one ingredient: no single amount is right
        ("833150", "GPCK", {"milnacipran": None}, Route.SYSTEMIC),
    ],
)  # fmt: skip
def test_each_type_of_concept_resolves_to_its_ingredients(
    index: RxNormIndex, code: str, tty: str, ingredients: dict[str, Strength | None], route: Route
) -> None:
    product = index.by_rxcui(code)
    assert product is not None
    assert (product.tty, product.route) == (tty, route)
    assert contents(index, code) == ingredients


def test_a_brand_prints_its_generic_name_first(index: RxNormIndex) -> None:
    assert index.by_rxcui("202633").name == "fluorouracil [Fluoroplex]"  # type: ignore[union-attr]


def test_the_quantity_factor_is_read_with_its_unit(index: RxNormIndex) -> None:
    product = index.by_rxcui("1719286")  # 10 ML furosemide 10 MG/ML Injection
    assert product is not None
    assert product.quantity == Strength(10, "mL")
    assert product.ingredients[0].strength == Strength(10, "mg/mL")


def test_isosorbide_mononitrate_is_a_form_of_isosorbide_and_not_the_dinitrate(index: RxNormIndex) -> None:
    assert [i.rxcui for i in index.by_rxcui("28004").ingredients] == ["6057"]  # type: ignore[union-attr]
    assert index.ingredient_name("6058") == "isosorbide dinitrate"


def test_glycopyrrolate_resolves_to_glycopyrronium(index: RxNormIndex) -> None:
    assert [i.rxcui for i in index.by_rxcui("4955").ingredients] == ["1546438"]  # type: ignore[union-attr]


def test_salts_of_one_ingredient_in_one_product_add_up(index: RxNormIndex) -> None:
    adderall = index.by_name(
        "amphetamine aspartate 5 MG / amphetamine sulfate 5 MG / dextroamphetamine saccharate 5 MG / "
        "dextroamphetamine sulfate 5 MG Oral Tablet"
    )
    assert adderall is not None
    assert contents(index, adderall.rxcui) == {
        "amphetamine": Strength(10, "mg"),
        "dextroamphetamine": Strength(10, "mg"),
    }


def test_a_class_stated_of_a_hydrate_counts_for_its_ingredient(index: RxNormIndex) -> None:
    # RxClass lists the EPC "Angiotensin Converting Enzyme Inhibitor" for "lisinopril anhydrous" only.
    lisinopril = "29046"
    assert "Angiotensin Converting Enzyme Inhibitor" in {index.class_name(code) for code in index.classes(lisinopril)}


def test_an_acid_belongs_to_the_ingredient_named_as_its_anion(index: RxNormIndex) -> None:
    assert [i.rxcui for i in index.by_rxcui("236083").ingredients] == ["46041"]  # type: ignore[union-attr]
    assert "Bisphosphonate" in {index.class_name(code) for code in index.classes("46041")}


def test_classes_and_members_are_each_others_inverse(index: RxNormIndex) -> None:
    nsaids = index.members("N0000175722")
    assert {"5640", "7258"} <= nsaids  # ibuprofen, naproxen
    assert all("N0000175722" in index.classes(ingredient) for ingredient in nsaids)
    assert index.class_name("N0000175722") == "Nonsteroidal Anti-inflammatory Drug"


def test_an_ace_inhibitor_is_not_filed_under_antivirals(index: RxNormIndex) -> None:
    assert "Antiviral" not in {index.class_name(code) for code in index.classes("29046")}


@pytest.mark.parametrize("code", ["", "abc", "0", "-1", "00855332", "855332 ", "9" * 30, "٣", "855332.0"])
def test_text_that_is_no_rxnorm_code_is_unknown_and_raises_nothing(index: RxNormIndex, code: str) -> None:
    assert index.by_rxcui(code) is None
    assert index.ingredient_name(code) is None
    assert index.classes(code) == frozenset()
    assert index.members(code) == frozenset()
    assert index.by_ndc(code) is None


def test_only_ingredients_have_an_ingredient_name(index: RxNormIndex) -> None:
    assert index.ingredient_name("11289") == "warfarin"
    assert index.ingredient_name("855332") is None


@pytest.mark.parametrize("ndc", ["00002015201", "0002-0152-01", "00002-0152-01", "00002-152-01", "00002-0152-1"])
def test_an_ndc_is_read_in_every_punctuation(index: RxNormIndex, ndc: str) -> None:
    assert index.by_ndc(ndc).rxcui == "2679323"  # type: ignore[union-attr]


@pytest.mark.parametrize("ndc", ["0002015201", "0002-0152", "00002-152-1", "00002-0152-99", "99999-9999-99", "x"])
def test_an_ndc_that_is_ambiguous_or_not_listed_is_unknown(index: RxNormIndex, ndc: str) -> None:
    assert index.by_ndc(ndc) is None


@pytest.mark.parametrize(
    ("text", "ingredient"),
    [
        ("Ibuprofen 600mg oral tablet", "5640"),
        ("WARFARIN  sodium 5 MG Oral Tablet", "11289"),
        ("Warfarin 5 MG Oral Tablet [Coumadin]", "11289"),
        ("coumadin", "11289"),  # a brand the source gives no code for
        ("Fluoroplex", "4492"),
        ("warfarin sodium", "11289"),
        ("Warfarin", "11289"),
    ],
)
def test_a_name_resolves_exactly_after_normalisation(index: RxNormIndex, text: str, ingredient: str) -> None:
    assert [i.rxcui for i in index.by_name(text).ingredients] == [ingredient]  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", "warfarn", "warfarin 5", "tablet", "blood thinner", "warfarin tablets daily"])
def test_a_name_that_is_not_exact_resolves_to_nothing(index: RxNormIndex, text: str) -> None:
    assert index.by_name(text) is None


def test_search_matches_the_start_of_every_word_with_products_before_brands(index: RxNormIndex) -> None:
    names = [product.name for product in index.search("warf 5")]
    assert names[0] == "warfarin sodium 5 MG Oral Tablet"
    assert any(name.endswith("[Jantoven]") for name in names[1:])
    assert all("warf" in name.lower() for name in names)
    assert len(index.search("oral", limit=7)) == 7
    assert index.search("  ") == index.search("warf", limit=0) == index.search("zzzz") == ()


def test_threads_share_one_index(index: RxNormIndex) -> None:
    fresh = open_index(INDEX)
    codes = [product.rxcui for product in index.search("oral tablet", limit=200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fresh.by_rxcui, codes)) == [index.by_rxcui(code) for code in codes]


def test_opening_reads_almost_nothing() -> None:
    """A gross bound, ten times the budget's 300 ms: it fails when opening starts to verify the whole file."""
    started = time.perf_counter()
    assert open_index(INDEX).by_rxcui("855332")
    assert time.perf_counter() - started < 3


def test_the_shipped_file_is_small_and_its_digest_is_that_of_its_rows(index: RxNormIndex) -> None:
    assert INDEX.stat().st_size < 15_000_000
    connection = sqlite3.connect(f"{INDEX.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        assert digest_of(connection) == index.digest
    finally:
        connection.close()


def test_the_index_is_a_terminology(index: RxNormIndex) -> None:
    terminology: Terminology = index
    assert len(terminology.digest) == 64


def test_a_missing_index_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match="cds terminology build"):
        open_index(tmp_path / "rxnorm.sqlite")


def test_another_file_is_not_taken_for_an_index(tmp_path: Path) -> None:
    path = tmp_path / "rxnorm.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(BadKnowledge, match="not a drug index"):
        open_index(path)


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rxnorm.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(BadKnowledge, match="found version none"):
        open_index(path)


# Two inhaled insulin packs, two gabapentin packs, ziv-aflibercept (2) and andexanet have no ingredient in the source.
WITHOUT_INGREDIENT = {"763020", "763080", "1115015", "1723187", "1723193", "2108128", "2398512"}


@needs_shared
def test_every_drug_of_the_source_resolves_but_the_seven_without_an_ingredient(index: RxNormIndex) -> None:
    with (SHARED / "data/drugs/rxnorm/rxnorm_drug.csv").open(encoding="utf-8", newline="") as rows:
        codes = [row["rxcui"] for row in csv.DictReader(rows)]
    assert len(codes) == 24_038
    unresolved = {code for code in codes if not (found := index.by_rxcui(code)) or not found.ingredients}
    assert unresolved == WITHOUT_INGREDIENT


@needs_shared
def test_the_letter_a_gap_is_as_large_as_the_readme_says(index: RxNormIndex) -> None:
    with (SHARED / "data/drugs/rxnorm/rxnorm_supplement_unnamed.csv").open(encoding="utf-8", newline="") as rows:
        current = [row for row in csv.DictReader(rows) if row["status"] == "current"]
    missing = [row for row in current if index.by_rxcui(row["rxcui"]) is None]
    assert len(missing) == 503
    assert all(index.by_rxcui(row["ingredient_rxcui"]) for row in current)
