"""Names on cards: generic first, strength, brand in brackets, under 70 characters, never empty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.chart.naming import LONGEST_NAME, drug_name, strength_text
from cds_service.terminology.products import Ingredient, Product, Route, Strength
from tests.support.small_terminology import SmallTerminology

SMALL = SmallTerminology()


@pytest.mark.parametrize(
    ("rxcui", "name"),
    [
        ("206905", "ibuprofen 400 mg [Ibu]"),
        ("1049625", "acetaminophen 325 mg / oxycodone 10 mg [Percocet]"),
        ("855332", "warfarin 5 mg"),
        ("197604", "digoxin 0.125 mg"),
        ("855633", "diclofenac 1 % topical gel"),
        ("1922894", "timolol 5 mg/mL ophthalmic solution"),
        ("895994", "fluticasone 44 mcg/actuation metered dose inhaler"),
        ("705129", "nitroglycerin 0.4 mg/actuation mucosal spray"),
        ("245134", "fentanyl 25 mcg/h transdermal system"),
        ("311041", "insulin glargine 100 units/mL injectable solution"),
        ("198116", "potassium chloride 20 mEq ER"),
        ("308189", "amoxicillin 80 mg/mL oral suspension"),
        ("315971", "furosemide 40 mg"),
        ("11289", "warfarin"),
        ("42844", "acetaminophen / oxycodone [Percocet]"),
        ("751905", "ethinyl estradiol / norgestimate [Trinessa 28 Day]"),
    ],
)
def test_a_product_is_named_as_a_clinician_would(rxcui: str, name: str) -> None:
    product = SMALL.by_rxcui(rxcui)
    assert product is not None
    assert drug_name(product) == name


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1000, "mg", "1,000 mg"), (0.075, "mg", "75 mcg"), (0.1, "mg", "0.1 mg"), (50000, "[IU]", "50,000 units")],
)
def test_strengths_are_written_without_trailing_zeros_and_in_readable_units(value: float, unit: str, text: str) -> None:
    assert strength_text(Strength(value, unit)) == text


def product_of(*names: str, brand: str | None = None, strength: Strength | None = None) -> Product:
    ingredients = tuple(Ingredient(name, name, strength) for name in names)
    return Product("1", "SBD", " / ".join(names), ingredients, "Oral Tablet", Route.SYSTEMIC, brand)


def test_a_long_combination_gives_up_strengths_before_ingredients() -> None:
    four = product_of("elvitegravir", "cobicistat", "emtricitabine", "tenofovir", strength=Strength(150, "mg"))
    assert drug_name(four) == "elvitegravir / cobicistat / emtricitabine / tenofovir"


def test_a_longer_combination_says_how_many_more_there_are() -> None:
    six = product_of(*(f"ingredient-number-{count}" for count in range(6)), brand="Hexa")
    assert drug_name(six) == "ingredient-number-0 / ingredient-number-1 / 4 more [Hexa]"


def test_inert_tablets_of_a_pack_are_not_named() -> None:
    assert drug_name(product_of("norethindrone", "inert ingredients")) == "norethindrone"


def test_a_name_that_fits_nowhere_is_cut_between_words() -> None:
    name = drug_name(product_of("pneumococcal capsular polysaccharide type twenty-three antigen preparation vaccine"))
    assert name == "pneumococcal capsular polysaccharide type twenty-three antigen…"
    assert len(drug_name(product_of("x" * 100))) == LONGEST_NAME


def test_a_product_without_ingredients_is_called_by_its_rxnorm_name() -> None:
    assert drug_name(Product("1", "SCD", "water", ())) == "water"
    assert drug_name(Product("1", "SCD", "", ())) == "RxNorm 1"


@given(
    st.lists(st.text("abcdefgh -,", min_size=1, max_size=60), max_size=8),
    st.none() | st.text("ABCdef ", min_size=1, max_size=90),
    st.none() | st.floats(1e-6, 1e6),
)
def test_no_name_is_empty_or_longer_than_a_card_can_bear(
    names: list[str], brand: str | None, value: float | None
) -> None:
    strength = Strength(value, "mg") if value else None
    assert 0 < len(drug_name(product_of(*names, brand=brand, strength=strength))) <= LONGEST_NAME
