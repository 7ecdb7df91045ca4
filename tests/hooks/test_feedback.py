"""What a client reports of cards: what is read, what is tolerated, what is refused."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import BadRequest
from cds_service.hooks.feedback import LONGEST_COMMENT, Feedback, FeedbackEvent, feedback_answer, read_feedback
from tests.support.requests import body
from tests.support.shared import SHARED, needs_shared

CARD = "4e0a3a1e-3283-4575-ab82-028d55fe2719"
SUGGESTION = "e56e1945-20b3-4393-8503-a1a20fd73152"
MORNING = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SECRET = "Zaphod-Beeblebrox"


def overridden(**members: Any) -> dict[str, Any]:
    return {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "2026-11-20T09:30:00Z", **members}


def accepted(**members: Any) -> dict[str, Any]:
    return {**overridden(), "outcome": "accepted", "acceptedSuggestions": [{"id": SUGGESTION}], **members}


def read(*events: Any) -> Feedback:
    return read_feedback(body({"feedback": events}))


def refused(*events: Any) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        read(*events)
    return caught.value


@pytest.mark.requirement("CH-163", "CH-164", "CH-165", "CH-166")
def test_an_acceptance_names_its_suggestions_and_an_override_needs_no_reason() -> None:
    assert read(accepted(), overridden()).events == (
        FeedbackEvent(CARD, "accepted", MORNING, (SUGGESTION,)),
        FeedbackEvent(CARD, "overridden", MORNING),
    )


@pytest.mark.requirement("CH-167", "CH-168")
@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ({"reason": {"code": "c", "system": "s", "display": "d"}, "userComment": "x"}, ("c", "s", "d", "x")),
        ({"reason": {"code": "c", "system": "s"}}, ("c", "s", "", "")),
        ({"reason": {"code": "c"}}, ("c", "", "", "")),
        ({"userComment": "x"}, ("", "", "", "x")),
        ({"reason": None, "userComment": None}, ("", "", "", "")),
        (None, ("", "", "", "")),
    ],
)
def test_a_reason_may_lack_its_display_its_system_or_be_words_alone(reason: Any, expected: tuple[str, ...]) -> None:
    (event,) = read(overridden(overrideReason=reason)).events
    assert (event.reason_code, event.reason_system, event.reason_display, event.comment) == expected


@pytest.mark.requirement("CH-166", "CH-167")
@pytest.mark.parametrize(
    ("reason", "left_out"),
    [
        ({"reason": {"code": None}}, "feedback[0].overrideReason.reason.code: found nothing, expected a string"),
        ({"reason": {"code": 7}}, "feedback[0].overrideReason.reason.code: found a number, expected a string"),
        ({"reason": {}}, "feedback[0].overrideReason.reason.code: found nothing, expected a string"),
        ({"reason": "c"}, "feedback[0].overrideReason.reason: found a string, expected an object"),
        ({"reason": []}, "feedback[0].overrideReason.reason: found an array, expected an object"),
        ({"userComment": {}}, "feedback[0].overrideReason.userComment: found an object, expected a string"),
        ("c", "feedback[0].overrideReason: found a string, expected an object"),
    ],
)
def test_an_override_with_an_odd_reason_is_kept_without_it_and_the_reason_named(reason: Any, left_out: str) -> None:
    found = read(overridden(overrideReason=reason))
    assert found.events == (FeedbackEvent(CARD, "overridden", MORNING),)
    assert [str(problem) for problem in found.left_out] == [left_out]
    assert json.loads(feedback_answer(found, stored=1)) == {"received": 1, "stored": 1, "leftOut": [left_out]}


@pytest.mark.requirement("CH-168")
def test_what_of_an_odd_reason_can_be_read_is_kept() -> None:
    reason = {"reason": {"code": "c", "system": 1, "display": "d"}, "userComment": "x"}
    found = read(overridden(overrideReason=reason))
    (event,) = found.events
    assert (event.reason_code, event.reason_system, event.reason_display, event.comment) == ("c", "", "d", "x")
    assert [problem.element for problem in found.left_out] == ["feedback[0].overrideReason.reason.system"]


@pytest.mark.requirement("CH-168")
def test_what_a_person_typed_is_bounded_and_not_printed() -> None:
    (event,) = read(overridden(overrideReason={"userComment": SECRET * 1000})).events
    assert len(event.comment) == LONGEST_COMMENT
    assert SECRET not in repr(event)


@pytest.mark.requirement("CH-169")
@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T09:30:00Z",
        "2026-11-20t09:30:00z",
        "2026-11-20T09:30:00.000Z",
        "2026-11-20T09:30:00.000000999Z",
        "2026-11-20T10:30:00+01:00",
    ],
)
def test_a_moment_is_read_as_utc(text: str) -> None:
    assert read(overridden(outcomeTimestamp=text)).events[0].at == MORNING


@pytest.mark.requirement("CH-169")
def test_fractions_of_a_second_are_kept() -> None:
    assert read(overridden(outcomeTimestamp="2026-11-20T09:30:00.25Z")).events[0].at == MORNING + timedelta(
        milliseconds=250
    )


@pytest.mark.requirement("CH-162")
@pytest.mark.parametrize("sent", [[overridden()], overridden(), {"feedback": overridden()}, {"feedback": None}, {}])
def test_a_bare_array_or_a_single_event_is_refused(sent: Any) -> None:
    with pytest.raises(BadRequest):
        read_feedback(body(sent))


@pytest.mark.requirement("CH-162")
@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"feedback": 7}, "feedback: found a number, expected an array of objects"),
        (
            {"feedback": [accepted(acceptedSuggestions=7)]},
            "feedback[0].acceptedSuggestions: found a number, expected an array of objects",
        ),
    ],
)
def test_what_should_have_been_a_list_of_objects_is_named_so(sent: Any, said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_feedback(body(sent))
    assert str(caught.value) == said


@pytest.mark.requirement("CH-162", "CH-164")
@pytest.mark.parametrize(
    ("sent", "element"),
    [
        (b'{"feedback": [], "feedback": [%s]}', "body"),
        (b'{"feedback": [{"outcome": "accepted", %s}]}', "feedback[0]"),
    ],
)
def test_a_member_given_twice_is_refused(sent: bytes, element: str) -> None:
    event = body(overridden()).strip()
    with pytest.raises(BadRequest, match=r"a member given twice") as caught:
        read_feedback(sent % (event if element == "body" else event[1:-1]))
    assert caught.value.element == element


@pytest.mark.requirement("CH-163", "CH-164", "CH-165", "CH-169")
@pytest.mark.parametrize(
    ("event", "element"),
    [
        ({"outcome": "overridden", "outcomeTimestamp": "2026-11-20T09:30:00Z"}, "feedback[0].card"),
        (overridden(card=""), "feedback[0].card"),
        (overridden(card="x" * 201), "feedback[0].card"),
        (overridden(card=7), "feedback[0].card"),
        (overridden(outcome="ignored"), "feedback[0].outcome"),
        (overridden(outcome="Accepted"), "feedback[0].outcome"),
        (accepted(acceptedSuggestions=[]), "feedback[0].acceptedSuggestions"),
        (accepted(acceptedSuggestions=None), "feedback[0].acceptedSuggestions"),
        (accepted(acceptedSuggestions=[{"id": ""}]), "feedback[0].acceptedSuggestions[0].id"),
        (accepted(acceptedSuggestions=[SUGGESTION]), "feedback[0].acceptedSuggestions"),
        (overridden(outcomeTimestamp="yesterday"), "feedback[0].outcomeTimestamp"),
        (overridden(outcomeTimestamp="2026-11-20"), "feedback[0].outcomeTimestamp"),
        (overridden(outcomeTimestamp="2026-02-30T09:30:00Z"), "feedback[0].outcomeTimestamp"),
        (overridden(outcomeTimestamp="0001-01-01T00:00:00+14:00"), "feedback[0].outcomeTimestamp"),
        ("accepted", "feedback[0]"),
    ],
)
def test_an_event_that_cannot_be_read_is_named(event: Any, element: str) -> None:
    assert refused(event).element == element


@pytest.mark.requirement("CH-170")
def test_a_bad_event_never_loses_the_good_ones_beside_it() -> None:
    feedback = read(overridden(outcome="ignored"), accepted(), accepted(), overridden(card=""))
    assert len(feedback.events) == 2
    assert [problem.element for problem in feedback.refused] == ["feedback[0].outcome", "feedback[3].card"]


def test_nothing_to_report_is_no_error() -> None:
    assert read() == Feedback(())


def test_ten_thousand_events_are_read() -> None:
    assert len(read(*[accepted()] * 10_000).events) == 10_000


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("name", ["accepted", "overridden-no-reason", "overridden-with-reason"])
def test_the_published_examples_are_read(name: str) -> None:
    published = (SHARED / "data" / "cds-hooks" / "examples" / f"feedback.{name}.json").read_bytes()
    (event,) = read_feedback(published).events
    assert event.card == json.loads(published)["feedback"][0]["card"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "reason", "code"]), inner),
    max_leaves=6,
)


@given(member=st.sampled_from([*accepted(), "overrideReason"]), value=JSON)
def test_any_json_in_any_member_is_read_or_refused_without_repeating_it(member: str, value: Any) -> None:
    with contextlib.suppress(BadRequest):
        read({**accepted(), member: value})
        return
    assert SECRET not in str(refused({**accepted(), member: value}))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(sent: bytes) -> None:
    with pytest.raises(BadRequest):
        read_feedback(sent)
