"""A client may show fewer or more cards than the policy says; nothing contraindicated is lost by it."""

from cds_service.knowledge.rules import Severity
from tests.quieting.rules import bleeding, contraindicated, with_ibuprofen
from tests.support.ward import Ward

KIDNEY = bleeding("kidney", problem="renal-dosing", severity=Severity.MODERATE)
LEVEL = bleeding("level", problem="raised-level", severity=Severity.MODERATE)


def test_a_client_with_room_for_one_card_gets_one_and_the_number_of_the_others(ward: Ward) -> None:
    ward = ward.knows(bleeding(), KIDNEY, LEVEL).at("narrow", most_cards={"order-sign": 1})
    answered = ward.signs(with_ibuprofen())
    assert [card["summary"].partition(",")[0] for card in answered.cards[1:]] == ["2 more"]
    assert answered.kept_quiet == {"kidney": "over the cap", "level": "over the cap"}


def test_a_limit_of_another_hook_changes_nothing(ward: Ward) -> None:
    ward = ward.knows(bleeding(), KIDNEY, LEVEL).at("narrow", most_cards={"order-select": 1})
    assert len(ward.signs(with_ibuprofen()).cards) == 3


def test_a_client_may_show_more_than_the_policy_says(ward: Ward) -> None:
    most = ward.application.release.policy.caps["order-select"]
    rules = [
        bleeding(f"rule-{n}", problem=p)
        for n, p in enumerate(("bleeding", "renal-dosing", "raised-level", "qt-prolongation"))
    ]
    assert len(rules) > most
    picked = with_ibuprofen(dosageInstruction=[])
    assert len(ward.knows(*rules).picks(picked).says) == len(rules)  # the last is only counted
    assert ward.picks(picked).kept_quiet
    assert not ward.at("wide", most_cards={"order-select": 9}).picks(picked).kept_quiet


def test_contraindications_are_shown_beyond_the_limit(ward: Ward) -> None:
    never = contraindicated(id="never", problem="hypotension")
    nowhere = contraindicated(id="nowhere", problem="raised-level")
    ward = ward.knows(never, nowhere, bleeding()).at("narrow", most_cards={"order-sign": 1})
    assert ward.signs(with_ibuprofen()).kept_quiet == {"warfarin-nsaid": "over the cap"}


def test_the_record_holds_the_limit(ward: Ward) -> None:
    ward = ward.knows(bleeding()).at("narrow", most_cards={"order-sign": 2})
    assert ward.signs(with_ibuprofen()).record.most_cards == 2
