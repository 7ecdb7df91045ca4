import pytest

from cds_service.terminology.products import Strength
from cds_service.terminology.strengths import add_strengths, read_quantity, read_strength, ucum_unit


@pytest.mark.parametrize(
    ("rxnorm", "ucum"),
    [
        ("MG", "mg"), ("MG/ML", "mg/mL"), ("UNT/ML", "[IU]/mL"), ("MCG", "ug"), ("MG/ACTUAT", "mg/{actuat}"),
        ("MG/HR", "mg/h"), ("MEQ", "meq"), ("MEQ/ML", "meq/mL"), ("MG/MG", "mg/mg"), ("%", "%"), ("MCI/ML", "mCi/mL"),
        ("BAU/ML", "[BAU]/mL"), ("MG/SQCM", "mg/cm2"),
    ],
)  # fmt: skip
def test_rxnorm_units_are_written_in_ucum(rxnorm: str, ucum: str) -> None:
    assert ucum_unit(rxnorm) == ucum


@pytest.mark.parametrize("unit", ["", "EIN", "EIN/ML", "MG/", "MG/ML/HR"])
def test_a_unit_nobody_knows_is_no_unit(unit: str) -> None:
    assert ucum_unit(unit) is None


@pytest.mark.parametrize(
    ("value", "unit"), [("", "MG"), ("5", ""), ("x", "MG"), ("0", "MG"), ("inf", "MG"), ("-1", "MG")]
)
def test_a_strength_that_cannot_be_read_is_none(value: str, unit: str) -> None:
    assert read_strength(value, unit) is None


def test_rxnorm_micrograms_keep_their_number() -> None:
    assert read_strength("0.125", "MG") == Strength(0.125, "mg")


@pytest.mark.parametrize(
    ("factor", "quantity"),
    [
        ("10 ML", Strength(10, "mL")),
        ("Osmotic 24 HR", Strength(24, "h")),
        ("NDA019430 0.3 ML", Strength(0.3, "mL")),
        ("120 ACTUAT", Strength(120, "{actuat}")),
        ("Once-Daily", None),
        ("", None),
    ],
)
def test_a_quantity_factor_gives_its_amount(factor: str, quantity: Strength | None) -> None:
    assert read_quantity(factor) == quantity


def test_amounts_add_within_a_dose_unit_and_must_agree_across_a_pack() -> None:
    low, high = Strength(0.1, "mg"), Strength(0.2, "mg")
    assert add_strengths([low, high], same_dose_unit=True) == Strength(0.3, "mg")
    assert add_strengths([low, high], same_dose_unit=False) is None
    assert add_strengths([low, low], same_dose_unit=False) == low


@pytest.mark.parametrize("other", [None, Strength(1, "mg/mL")])
def test_an_unstated_amount_or_another_unit_gives_no_sum(other: Strength | None) -> None:
    assert add_strengths([Strength(1, "mg"), other], same_dose_unit=True) is None
    assert add_strengths([other, Strength(1, "mg")], same_dose_unit=True) is None
