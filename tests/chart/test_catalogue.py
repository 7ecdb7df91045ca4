"""The closed list of facts: codes, keys and words it may hold."""

import csv

import pytest

from cds_service.chart.catalogue import CATALOGUE, MOST_CODES_PER_KEY, Kind, codes_for, keys_for, with_inputs
from cds_service.terminology.units import read_unit
from tests.support.shared import SHARED, needs_shared

# Seen in the patient data though not in the verified list: blood pressure panels, tobacco smoking status.
SEEN_IN_PATIENTS = {"85354-9", "55284-4", "72166-2", "2093-3", "2085-9"}

# Breastfeeding status, in the published profile ISiKStillstatus (gematik) with its two answers.
IN_PUBLISHED_PROFILES = {"63895-7"}

# CO2 and oxygen flow in examples of US Core, bicarbonate in one of FHIR R4; phosphate in public laboratory catalogues.
IN_PUBLISHED_EXAMPLES = {"2028-9", "3151-8", "1963-8", "2777-1"}


def test_every_number_has_a_unit_that_can_be_read_and_nothing_else_has_one() -> None:
    for fact in CATALOGUE.values():
        assert (fact.unit is not None) == (fact.kind is Kind.QUANTITY), fact.name
        assert fact.unit is None or read_unit(fact.unit) is not None, fact.name


def test_every_input_is_itself_in_the_catalogue() -> None:
    for fact in CATALOGUE.values():
        assert set(fact.inputs) <= CATALOGUE.keys(), fact.name


def test_a_fact_read_by_code_expires_and_says_where_its_limits_come_from() -> None:
    for fact in CATALOGUE.values():
        if fact.loinc:
            assert fact.shelf_life_days is not None, fact.name
            assert fact.source, fact.name


@needs_shared
@pytest.mark.shared
def test_every_loinc_code_was_verified_or_seen_in_patients() -> None:
    with (SHARED / "data/drugs/loinc/med_safety_loinc.csv").open(newline="") as file:
        verified = {row["loinc"] for row in csv.DictReader(file)}
    used = {code for fact in CATALOGUE.values() for code in (*fact.loinc, *fact.panels)}
    assert used <= verified | SEEN_IN_PATIENTS | IN_PUBLISHED_PROFILES | IN_PUBLISHED_EXAMPLES


def test_a_derived_fact_asks_for_the_codes_of_its_inputs() -> None:
    codes = codes_for(frozenset({"crcl_adjusted"}))
    assert "http://loinc.org|2160-0" in codes["labs"]
    assert {"http://loinc.org|29463-7", "http://loinc.org|8302-2"} <= set(codes["vitals"])


def test_code_lists_are_sorted_so_that_discovery_never_changes_without_reason() -> None:
    codes = codes_for(frozenset({"inr", "potassium", "weight"}))
    assert codes == {
        "labs": (
            "http://loinc.org|2823-3",
            "http://loinc.org|34714-6",
            "http://loinc.org|6298-4",
            "http://loinc.org|6301-6",
        ),
        "vitals": ("http://loinc.org|29463-7", "http://loinc.org|3141-9"),
    }


def test_blood_pressure_is_asked_for_by_its_panels_too() -> None:
    assert "http://loinc.org|85354-9" in codes_for(frozenset({"sbp"}))["vitals"]


def test_the_whole_catalogue_fits_into_sixty_codes_per_key() -> None:
    assert all(len(codes) <= MOST_CODES_PER_KEY for codes in codes_for(frozenset(CATALOGUE)).values())


def test_a_fact_of_the_procedures_asks_for_their_codes() -> None:
    codes = codes_for(frozenset({"dialysis"}))["procedures"]
    assert {"http://snomed.info/sct|302497006", "http://www.ama-assn.org/go/cpt|90935"} <= set(codes)
    assert keys_for(frozenset({"dialysis"})) == ("conditions", "procedures")


def test_a_key_with_too_many_codes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.chart.catalogue.MOST_CODES_PER_KEY", 2)
    with pytest.raises(ValueError, match="'labs' needs 3 codes, 2 are allowed"):
        codes_for(frozenset({"creatinine"}))


def test_facts_without_codes_ask_for_none() -> None:
    assert codes_for(frozenset({"age", "conditions"})) == {}


def test_keys_follow_from_the_facts() -> None:
    assert keys_for(frozenset({"inr"})) == ("encounter", "labs")
    assert keys_for(frozenset({"medications"})) == ("medications", "statements")
    assert keys_for(frozenset({"pregnant"})) == ("conditions", "encounter", "patient", "vitals")
    assert keys_for(frozenset({"weight"})) == ("encounter", "patient", "vitals")
    assert keys_for(frozenset({"orders"})) == ()


def test_inputs_of_inputs_are_found() -> None:
    assert with_inputs(["crcl_adjusted"]) >= {"dosing_weight", "weight", "height", "creatinine", "pregnancy_status"}


def test_a_fact_that_is_not_in_the_catalogue_is_an_error() -> None:
    with pytest.raises(KeyError):
        with_inputs(["shoe_size"])
