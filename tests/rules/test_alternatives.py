"""What a rule proposes instead suits the rest of the patient's drugs."""

import pytest
from msgspec.structs import replace

from cds_service.chart.facts import Known
from cds_service.folders import data_folder
from cds_service.hooks.response import Card
from cds_service.terminology.index import open_index
from tests.rules.library import shipped
from tests.support.gathered import chart_of
from tests.support.offers import cards_on
from tests.support.requests import PatientCase, a_patient

TERMINOLOGY = open_index(data_folder("rules") / "terminology" / "rxnorm.sqlite")
ON_SIMVASTATIN = a_patient("P1").taking("312961", "simvastatin 20 MG Oral Tablet", dose=1, per_day=1)
CLARITHROMYCIN = ("197517", "clarithromycin 500 MG Oral Tablet")


def labels(case: PatientCase) -> list[str]:
    read = chart_of(case, terminology=TERMINOLOGY)
    adult = replace(read, values={**read.values, "age": Known(60.0, "a")})
    cards: tuple[Card, ...] = cards_on(adult, shipped().release)
    return [suggestion.label for card in cards for suggestion in card.suggestions]


def test_azithromycin_takes_the_place_of_clarithromycin_beside_a_statin() -> None:
    case = ON_SIMVASTATIN.ordering(*CLARITHROMYCIN, dose=1, per_day=2)
    assert any(label.startswith("Use azithromycin") for label in labels(case))


@pytest.mark.parametrize(
    ("rxcui", "name"),
    [("855332", "warfarin sodium 5 MG Oral Tablet"), ("833528", "amiodarone hydrochloride 200 MG Oral Tablet")],
)
def test_azithromycin_is_not_proposed_beside_warfarin_or_a_drug_that_prolongs_qt(rxcui: str, name: str) -> None:
    case = ON_SIMVASTATIN.taking(rxcui, name, id="other", dose=1, per_day=1)
    proposed = labels(case.ordering(*CLARITHROMYCIN, dose=1, per_day=2))
    assert proposed
    assert not any("azithromycin" in label for label in proposed)


def test_no_anticonvulsant_is_proposed_for_a_cancer_drug() -> None:
    case = a_patient("P1").taking("1359269", "darunavir 800 MG Oral Tablet", dose=1, per_day=1)
    proposed = labels(case.ordering("2390644", "enzalutamide 40 MG Oral Tablet", dose=4, per_day=1))
    assert proposed == ["Stop enzalutamide 40 mg"]
