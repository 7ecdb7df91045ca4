import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.terminology.names import name_key, normalise, words


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("Ibuprofen 600 MG Oral Tablet", "ibuprofen  600mg oral tablet"),
        ("heparin 1,000 UNT/ML", "Heparin 1000 unt/ml"),
        ("digoxin 0.1250 MG", "digoxin .125 mg"),
        ("Co-trimoxazole", "co trimoxazole"),
        ("[Coumadin]", "COUMADIN"),
    ],
)
def test_names_differing_in_case_blanks_and_punctuation_are_one_name(written: str, same: str) -> None:
    assert normalise(written) == normalise(same)


@pytest.mark.parametrize(
    ("one", "other"),
    [("warfarin", "warfarin sodium"), ("warfarin 5 mg", "warfarin 0.5 mg"), ("1 %", "1"), ("B12", "B1 2")],
)
def test_names_differing_in_salt_strength_or_number_stay_apart(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(st.text(max_size=80))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(max_size=40), st.text(max_size=40))
def test_words_on_both_sides_of_a_blank_are_independent(left: str, right: str) -> None:
    assert words(f"{left} {right}") == words(left) + words(right)


@given(st.text(max_size=40))
def test_a_name_key_fits_a_signed_64_bit_column(text: str) -> None:
    assert -(2**63) <= name_key(normalise(text)) < 2**63
