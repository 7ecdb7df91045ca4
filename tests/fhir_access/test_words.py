"""What a clinician reads when the EHR did not give what was asked for, and when there is nothing to work with."""

import pytest

from cds_service.errors import NothingToWorkWith
from cds_service.fhir.received import Reason
from cds_service.presenting.wording import say_missing
from cds_service.reasoning.findings import Missing
from tests.fhir_access.conftest import Door
from tests.support import fake_ehr
from tests.support.fake_ehr import FakeEhr, Mood
from tests.support.requests import a_patient


@pytest.mark.parametrize(
    ("reason", "value", "whole_list"),
    [
        (Reason.NOT_SENT, "creatinine not sent", "was not sent"),
        (Reason.NOT_REQUESTED, "creatinine not asked for", "was not asked for"),
        (Reason.REFUSED, "creatinine refused by the EHR", "was refused by the EHR"),
        (Reason.TIMED_OUT, "creatinine did not arrive in time", "did not arrive in time"),
        (Reason.MALFORMED, "creatinine could not be read", "could not be read in full"),
        (Reason.TRUNCATED, "creatinine not in the part of the list that arrived", "arrived cut short"),
    ],
)
def test_the_card_says_in_plain_words_how_it_came(reason: Reason, value: str, whole_list: str) -> None:
    missing = Missing("value", "egfr", reason, f"creatinine {reason.value}")
    assert say_missing(missing).endswith(f"not known: {value}")
    assert say_missing(Missing("list", "allergies", reason, "")) == f"the allergy list {whole_list}"


@pytest.mark.requirement("CH-077")
@pytest.mark.parametrize("mood", [fake_ehr.unauthorized, fake_ehr.broken, fake_ehr.html])
def test_without_prefetch_and_with_a_server_that_cannot_be_read_there_is_nothing_to_work_with(
    door: Door, ehr: FakeEhr, mood: Mood
) -> None:
    ehr.moods["*"] = mood
    with pytest.raises(NothingToWorkWith, match="no prefetch arrived and no FHIR server could be read"):
        door.answer(door.request(a_patient("P1").patient_view(prefetch={})))


@pytest.mark.requirement("CH-077")
def test_one_list_that_could_be_read_is_enough_to_answer(door: Door, ehr: FakeEhr) -> None:
    ehr.moods["*"] = fake_ehr.broken
    ehr.moods["Condition"] = fake_ehr.good
    assert door.answer(door.request(a_patient("P1").patient_view(prefetch={}))).cards
