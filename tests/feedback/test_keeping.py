"""What is kept of a report: every event once, joined to the decision that showed the card."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from cds_service.store.feedback import Told, list_feedback, read_words
from cds_service.store.reading import NoSuchRecord
from cds_service.store.retention import remove_older
from cds_service.store.ring import rotate_key
from cds_service.store.rotating import rewrap
from cds_service.store.sealing import Unopened
from cds_service.store.tables import FEEDBACK
from cds_service.web.routes import make_flask
from tests.quieting.rules import ON_WARFARIN, ORDER_INR, bleeding, with_ibuprofen
from tests.quieting.test_speaks_again import database_away
from tests.support.ward import DAY, REASON, Answered, Ward

RULE = "warfarin-nsaid"
NOBODYS = "6fc9e1f9-93a4-5dc5-b2a6-8a9a2a3cbe58"
SECRET = "Quastelmann 7731"


def shown(ward: Ward, **rule: Any) -> Answered:
    return ward.knows(bleeding(**rule)).signs(with_ibuprofen())


def overridden(answered: Answered, **members: Any) -> dict[str, Any]:
    return {
        "card": answered.cards[0]["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": "2026-11-20T12:00:30Z",
        **members,
    }


def because(code: str | None = REASON, comment: str | None = None, **coding: str) -> dict[str, Any]:
    reason = {} if code is None else {"reason": {"code": code, **coding}}
    return {"overrideReason": {**reason, **({} if comment is None else {"userComment": comment})}}


def kept(ward: Ward) -> list[Told]:
    return list(list_feedback(ward.store, 0))


@pytest.mark.requirement("CH-174")
def test_an_event_is_joined_to_decision_rules_versions_and_role(ward: Ward) -> None:
    answered = shown(ward, version="1.4.0")
    assert ward.reports(overridden(answered, **because())) == {"received": 1, "stored": 1}
    (told,) = kept(ward)
    record = answered.record
    assert (told.decision_id, told.release_digest) == (record.decision_id, record.release_digest)
    assert (told.hook, told.role, told.rules) == ("order-sign", "Practitioner", ((RULE, "1.4.0"),))
    assert told.topic == RULE
    assert (told.tenant, told.client, told.service) == ("general", "general", "medication-order-sign")
    assert (told.outcome, told.reason_code) == ("overridden", REASON)
    assert told.at == datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC).timestamp()


@pytest.mark.requirement("CH-170")
def test_the_same_event_sent_again_is_kept_once(ward: Ward) -> None:
    event = overridden(shown(ward), **because())
    for _ in range(3):
        assert ward.reports(event, event) == {"received": 2, "stored": 2}
    assert len(kept(ward)) == 1


@pytest.mark.requirement("CH-170")
def test_two_events_about_one_card_are_two(ward: Ward) -> None:
    answered = shown(ward)
    ward.reports(overridden(answered), overridden(answered, outcomeTimestamp="2026-11-20T12:00:31Z"))
    assert len(kept(ward)) == 2


@pytest.mark.requirement("CH-170")
def test_an_event_sent_again_may_add_the_reason_it_lacked(ward: Ward) -> None:
    answered = shown(ward)
    ward.reports(overridden(answered))
    ward.reports(overridden(answered, **because()))
    ward.reports(overridden(answered))
    ward.reports(overridden(answered, **because("monitoring-arranged")))
    assert [told.reason_code for told in kept(ward)] == [REASON]


@pytest.mark.requirement("CH-170")
def test_of_an_event_told_twice_in_one_report_the_reason_is_kept(ward: Ward) -> None:
    answered = shown(ward)
    ward.reports(overridden(answered), overridden(answered, **because()))
    assert [told.reason_code for told in kept(ward)] == [REASON]


def test_a_card_without_findings_is_known_too(ward: Ward) -> None:
    answered = ward.knows(bleeding()).signs(with_ibuprofen(ON_WARFARIN.without("allergies")))
    unchecked = next(card for card in answered.cards if card["source"]["topic"]["code"] == "not-checked")
    assert ward.reports({"card": unchecked["uuid"], "outcome": "overridden"}) == {"received": 1, "stored": 1}
    (told,) = kept(ward)
    assert (told.decision_id, told.topic, told.rules) == (answered.record.decision_id, "not-checked", ())


def test_a_card_nobody_knows_is_accepted_and_marked(ward: Ward) -> None:
    answer = ward.reports({"card": SECRET, "outcome": "overridden"}, {"card": NOBODYS, "outcome": "overridden"})
    assert answer == {"received": 2, "stored": 2, "unknownCards": 2}
    for told in kept(ward):
        assert (told.decision_id, told.role, told.rules) == (None, "", ())
        assert len(told.card) == 64  # a keyed hash, not what the client wrote


def test_a_card_of_another_tenant_is_one_that_nobody_knows(ward: Ward) -> None:
    event = overridden(shown(ward), **because())
    assert ward.at("county").reports(event) == {"received": 1, "stored": 1, "unknownCards": 1}
    assert ward.reports(event) == {"received": 1, "stored": 1}
    assert [told.decision_id is None for told in sorted(kept(ward), key=lambda told: told.tenant)] == [True, False]
    assert [told.tenant for told in list_feedback(ward.store, 0, tenant="county")] == ["county"]


@pytest.mark.requirement("CH-170")
def test_the_good_half_of_a_report_is_kept(ward: Ward) -> None:
    event = overridden(shown(ward))
    answer = ward.reports({**event, "outcome": "ignored"}, event, {**event, "card": 7})
    assert (answer["received"], answer["stored"], len(answer["refused"])) == (1, 1, 2)
    assert len(kept(ward)) == 1


def test_events_of_many_calls_come_in_one_report(ward: Ward) -> None:
    calls = [shown(ward) for _ in range(3)]
    ward.reports(*(overridden(each) for each in calls))
    assert {told.decision_id for told in kept(ward)} == {each.record.decision_id for each in calls}


@pytest.mark.requirement("CH-165")
def test_an_acceptance_keeps_which_suggestions_were_taken(ward: Ward) -> None:
    answered = shown(ward, suggestions=(ORDER_INR,))
    ward.accepts(answered, RULE, "INR")
    (told,) = kept(ward)
    assert (told.outcome, told.accepted) == ("accepted", (answered.suggestion(RULE, "INR"),))


def test_the_id_of_a_suggestion_that_is_not_ours_is_not_kept_in_clear(ward: Ward) -> None:
    ward.reports({**overridden(shown(ward)), "outcome": "accepted", "acceptedSuggestions": [{"id": SECRET}]})
    ((accepted,),) = [told.accepted for told in kept(ward)]
    assert len(accepted) == 64


@pytest.mark.requirement("CH-168")
def test_what_a_person_typed_is_encrypted_and_read_back(ward: Ward) -> None:
    ward.reports(overridden(shown(ward), **because(comment=SECRET, display="Benefit outweighs the risk")))
    (told,) = kept(ward)
    assert read_words(ward.store, told.feedback_key) == {"comment": SECRET, "display": "Benefit outweighs the risk"}
    assert SECRET.encode() not in row(ward)["comment"]


def test_a_reason_that_no_card_offers_is_words_of_the_client(ward: Ward) -> None:
    ward.reports(overridden(shown(ward), **because(SECRET, system="https://ehr.example.org")))
    (told,) = kept(ward)
    assert told.reason_code == ""
    assert read_words(ward.store, told.feedback_key) == {"code": SECRET, "system": "https://ehr.example.org"}


def test_an_event_without_words_has_none_to_read(ward: Ward) -> None:
    ward.reports(overridden(shown(ward), **because()))
    with pytest.raises(NoSuchRecord):
        read_words(ward.store, kept(ward)[0].feedback_key)


def test_words_that_were_moved_to_another_event_do_not_open(ward: Ward) -> None:
    answered = shown(ward)
    ward.reports(overridden(answered, **because(comment="first")))
    ward.reports(overridden(answered, **because(comment="second"), outcomeTimestamp="2026-11-20T12:00:31Z"))
    first, second = kept(ward)
    with ward.store.database.begin() as connection:
        words = connection.execute(
            select(FEEDBACK.c.comment, FEEDBACK.c.data_key).where(FEEDBACK.c.feedback_key == first.feedback_key)
        ).one()
        moved = FEEDBACK.update().where(FEEDBACK.c.feedback_key == second.feedback_key)
        connection.execute(moved.values(comment=words.comment, data_key=words.data_key))
    with pytest.raises(Unopened):
        read_words(ward.store, second.feedback_key)


@pytest.mark.parametrize("text", ["\x00", "zero \x00 in the middle", "𝕊 ‮ \\ ' \"", "x" * 4000])
def test_any_text_is_kept(ward: Ward, text: str) -> None:
    ward.reports(overridden(shown(ward), **because(text[:200], comment=text)), {"card": text[:200], **OVERRIDDEN})
    words = [read_words(ward.store, told.feedback_key) for told in kept(ward) if told.decision_id]
    assert words == [{"comment": text, "code": text[:200]}]


OVERRIDDEN = {"outcome": "overridden"}


def test_two_thousand_events_come_in_one_report(ward: Ward) -> None:
    event = overridden(shown(ward))
    many = [{**event, "outcomeTimestamp": f"2026-11-20T12:{n // 60 % 60:02}:{n % 60:02}.{n:06}Z"} for n in range(2000)]
    assert ward.reports(*many) == {"received": 2000, "stored": 2000}
    assert ward.reports(*many) == {"received": 2000, "stored": 2000}
    assert len(kept(ward)) == 2000


def test_an_empty_report_is_no_error(ward: Ward) -> None:
    assert ward.reports() == {"received": 0, "stored": 0}


def test_a_rotated_index_key_does_not_keep_an_event_twice(ward: Ward) -> None:
    event = overridden(shown(ward))
    ward.reports(event)
    rotate_key(ward.store.places.ring, "index", datetime.fromtimestamp(ward.clock.now + 60, UTC))
    ward.store.renew_ring()
    ward.reports(event)
    assert len(kept(ward)) == 1


def test_words_are_read_after_the_wrap_key_was_rotated(ward: Ward) -> None:
    ward.reports(overridden(shown(ward), **because(comment=SECRET)))
    rotate_key(ward.store.places.ring, "wrap", datetime.fromtimestamp(ward.clock.now + 60, UTC))
    rewrap(ward.store.database, ward.store.renew_ring())
    assert read_words(ward.store, kept(ward)[0].feedback_key)["comment"] == SECRET


def test_old_words_are_removed_and_the_event_stays(ward: Ward) -> None:
    ward.reports(overridden(shown(ward), **because(comment=SECRET)))
    remove_older(ward.store.database, ward.clock.now + DAY)
    (told,) = kept(ward)
    assert told.reason_code == REASON
    with pytest.raises(NoSuchRecord):
        read_words(ward.store, told.feedback_key)


def test_the_list_is_bounded_by_when_events_came(ward: Ward) -> None:
    answered, began = shown(ward), ward.clock.now
    ward.reports(overridden(answered))
    ward.waits(DAY)
    ward.reports(overridden(answered, outcomeTimestamp="2026-11-20T12:00:31Z"))
    assert len(list(list_feedback(ward.store, began, began + DAY))) == 1
    assert len(list(list_feedback(ward.store, began + DAY))) == 1


def test_a_call_that_comes_twice_within_a_minute_is_answered_anew_and_flagged(ward: Ward) -> None:
    first = shown(ward)
    ward.waits(59)
    second = shown(ward)
    ward.waits(62)
    third = shown(ward)
    assert len({each.cards[0]["uuid"] for each in (first, second, third)}) == 3
    flags = {each.row.decision_id: each.repeat for each in ward.store.list_since(0)}
    assert [flags[each.record.decision_id] for each in (first, second, third)] == [False, True, False]


def test_another_tenants_same_call_is_no_repeat(ward: Ward) -> None:
    shown(ward)
    ward.at("county").signs(with_ibuprofen())
    assert [each.repeat for each in ward.store.list_since(0)] == [False, False]


def test_feedback_on_the_second_answer_to_a_repeated_call_is_joined_and_flagged(ward: Ward) -> None:
    shown(ward)
    ward.reports(overridden(shown(ward)))
    assert [told.repeat for told in kept(ward)] == [True]


# Over HTTP.


def client_of(ward: Ward) -> FlaskClient:
    return make_flask(replace(ward.application, gate=None)).test_client()


ROUTE = "/cds-services/medication-order-sign/feedback"


def test_the_route_keeps_what_it_is_sent(ward: Ward) -> None:
    sent = {"feedback": [{"card": NOBODYS, "outcome": "overridden", "outcomeTimestamp": "2026-11-20T12:00:30Z"}]}
    answer = client_of(ward).post(ROUTE, json=sent)
    assert (answer.status_code, answer.json) == (200, {"received": 1, "stored": 1, "unknownCards": 1})
    assert len(kept(ward)) == 1


def test_feedback_that_cannot_be_kept_is_asked_for_again(ward: Ward) -> None:
    sent = {"feedback": [{"card": NOBODYS, "outcome": "overridden", "outcomeTimestamp": "2026-11-20T12:00:30Z"}]}
    client = client_of(ward)
    with database_away(ward):
        answer = client.post(ROUTE, json=sent)
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["issue"][0]["code"] == "transient"
    assert ward.told.about("feedback not kept")
    assert client.post(ROUTE, json=sent).status_code == 200


def row(ward: Ward) -> dict[str, Any]:
    with ward.store.database.connect() as connection:
        return dict(connection.execute(select(FEEDBACK)).mappings().one())
