"""Units as laboratories, vitals and orders write them. Expected values: the UCUM tables or hand calculation."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cds_service.terminology.units import convert, ngsp_percent, read_unit, same_unit

CREATININE = 113.12
GLUCOSE = 180.156
MAGNESIUM = 24.305


@pytest.mark.parametrize(
    ("value", "given_unit", "wanted", "expected"),
    [
        (1, "g/L", "mg/dL", 100),
        (4.2, "g/dL", "g/L", 42),
        (150, "[lb_av]", "kg", 68.0388555),  # 0.45359237 kg each, exact by definition
        (70, "[in_i]", "cm", 177.8),
        (120, "mm[Hg]", "kPa", 15.99864),  # 133.322 Pa each
        (98.6, "[degF]", "Cel", 37),
        (37, "Cel", "[degF]", 98.6),
        (25, "ug/h", "mg/d", 0.6),
        (2, "wk", "d", 14),
        (2, "a", "d", 730.5),
        (250, "10*9/L", "10*3/uL", 250),
        (1.5, "m[IU]/mL", "[IU]/L", 1.5),
        (500, "ug", "mg", 0.5),
        (30, "ug/mg", "mg/g", 30),
        (2, "mg/kg/d", "ug/kg/h", 83.3333333333),
    ],
)
def test_a_value_converts_between_ucum_units(value: float, given_unit: str, wanted: str, expected: float) -> None:
    assert convert(value, given_unit, wanted) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("spelled", "ucum"),
    [
        ("mg/dl", "mg/dL"),
        ("MG/DL", "mg/dL"),
        ("umol/L", "umol/L"),
        ("µmol/L", "umol/L"),
        ("μmol/l", "umol/L"),
        ("mmHg", "mm[Hg]"),
        ("mm Hg", "mm[Hg]"),
        ("K/uL", "10*3/uL"),
        ("10^9/L", "10*9/L"),
        ("10*3/ul", "10*3/uL"),
        ("x10E3/uL", "10*3/uL"),
        ("mL/min/1.73m2", "mL/min/{1.73_m2}"),
        ("mL/min/{1.73m2}", "mL/min/{1.73_m2}"),
        ("ml/min/1.73 m²", "mL/min/{1.73_m2}"),
        ("mL/min/1.73 sq m", "mL/min/{1.73_m2}"),
        ("lb", "[lb_av]"),
        ("lbs", "[lb_av]"),
        ("in", "[in_i]"),
        ("IU/L", "[IU]/L"),
        ("uIU/mL", "m[IU]/L"),
        ("mEq/L", "meq/L"),
        ("beats/min", "/min"),
        ("{beats}/min", "/min"),
        ("bpm", "/min"),
        ("mcg", "ug"),
        ("kg/m^2", "kg/m2"),
        ("kg/m²", "kg/m2"),
        ("msec", "ms"),
        ("degrees C", "Cel"),
        ("mg/g{creat}", "mg/g"),
        ("%O2", "%"),
    ],
)
def test_spellings_of_ehrs_are_the_ucum_unit_they_mean(spelled: str, ucum: str) -> None:
    assert same_unit(spelled, ucum)


@pytest.mark.parametrize("unknown", ["", " ", "furlong", "/", "mg/", "mg%", "units of something", "{}", "10*", "2mg"])
def test_a_unit_nobody_knows_gives_none(unknown: str) -> None:
    assert convert(1, unknown, "mg/dL") is None
    assert convert(1, unknown, unknown) is None
    assert convert(1, "mg/dL", unknown) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mL/min", "mL/min/{1.73_m2}"),  # indexed to body surface or not
        ("%", "{INR}"),  # a Quick value in % is not an INR
        ("{score}", "{INR}"),
        ("U/L", "[IU]/L"),  # UCUM keeps arbitrary international units apart
        ("mmol/mol", "%"),  # IFCC HbA1c has its own equation
        ("mg/dL", "mmHg"),
        ("Cel", "mg"),
        ("Cel", "[degF]/d"),
    ],
)
def test_units_of_different_things_do_not_convert(one: str, other: str) -> None:
    assert convert(1, one, other) is None
    assert convert(1, other, one) is None


def test_moles_become_grams_only_with_a_molar_mass() -> None:
    # 88.4 umol/L of creatinine is 1 mg/dL: 113.12 g/mol * 88.4e-6 mol/L = 10.0 mg/L
    assert convert(88.4, "umol/L", "mg/dL", CREATININE) == pytest.approx(1.0, abs=1e-4)
    assert convert(5.5, "mmol/L", "mg/dL", GLUCOSE) == pytest.approx(99.0858)  # 5.5 * 18.0156
    assert convert(88.4, "umol/L", "mg/dL") is None


def test_albumin_per_creatinine_converts_from_si() -> None:
    # 3 mg/mmol, the SI limit of A2 albuminuria, is 26.5 mg/g: 3 / 0.11312
    assert convert(3, "mg/mmol", "mg/g", CREATININE) == pytest.approx(26.52, abs=0.01)


def test_equivalents_become_moles_only_with_a_valence() -> None:
    assert convert(4.1, "meq/L", "mmol/L", 39.0983, 1) == pytest.approx(4.1)
    assert convert(1.6, "meq/L", "mg/dL", MAGNESIUM, 2) == pytest.approx(1.9444)  # 0.8 mmol/L * 24.305 / 10
    assert convert(4.1, "meq/L", "mmol/L", 39.0983) is None


@pytest.mark.parametrize(("ifcc", "ngsp"), [(31, 5.0), (42, 6.0), (53, 7.0), (64, 8.0), (75, 9.0), (86, 10.0)])
def test_ifcc_hba1c_becomes_ngsp_percent_by_the_master_equation(ifcc: float, ngsp: float) -> None:
    # conversion table of ngsp.org, which rounds mmol/mol to whole numbers
    assert ngsp_percent(ifcc) == pytest.approx(ngsp, abs=0.05)


def test_binary_noise_does_not_push_a_value_over_a_limit() -> None:
    assert convert(50, "10*9/L", "10*3/uL") == 50
    assert convert(1.1, "g/L", "mg/dL") == 110


MASSES = st.sampled_from(["kg", "g", "mg", "ug", "ng", "[lb_av]", "[oz_av]"])
CONCENTRATIONS = st.sampled_from(["mg/dL", "g/L", "umol/L", "mmol/L", "ug/mL", "meq/L"])
NUMBERS = st.floats(min_value=1e-6, max_value=1e6)


@given(NUMBERS, MASSES, MASSES)
def test_masses_survive_the_way_there_and_back(value: float, one: str, other: str) -> None:
    there = convert(value, one, other)
    assert there is not None
    assert convert(there, other, one) == pytest.approx(value, rel=1e-10)


@given(NUMBERS, CONCENTRATIONS, CONCENTRATIONS)
def test_concentrations_of_one_analyte_survive_the_way_there_and_back(value: float, one: str, other: str) -> None:
    there = convert(value, one, other, MAGNESIUM, 2)
    assert there is not None
    assert convert(there, other, one, MAGNESIUM, 2) == pytest.approx(value, rel=1e-10)


@given(NUMBERS, NUMBERS, CONCENTRATIONS, CONCENTRATIONS)
def test_conversion_keeps_the_order_of_two_values(first: float, second: float, one: str, other: str) -> None:
    assume(second > first * (1 + 1e-9))
    low, high = convert(first, one, other, MAGNESIUM, 2), convert(second, one, other, MAGNESIUM, 2)
    assert low is not None
    assert high is not None
    assert low < high


@given(st.text(alphabet="mgdLlUk/{}[]10*^.²µ%IuCc -", max_size=14))
def test_reading_a_unit_never_raises(text: str) -> None:
    read_unit(text)
