"""Feedback: what became of cards, as the client reports it (CH-160..174)."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import msgspec

from cds_service.errors import BadRequest
from cds_service.hooks.members import read_object
from cds_service.hooks.request import decode_body

Outcome = Literal["accepted", "overridden"]

LONGEST_ID = 200
LONGEST_COMMENT = 4000
MOST_NAMED = 20
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """What became of one card. `accepted` are uuids of suggestions; `at` is in UTC.

    A reason may lack its system or display (G-10). `comment` is what a person typed: treat it as patient data.
    """

    card: str
    outcome: Outcome
    at: datetime
    accepted: tuple[str, ...] = ()
    reason_code: str = ""
    reason_system: str = ""
    reason_display: str = ""
    comment: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Feedback:
    """One report: the events that could be read, and what is wrong with the others."""

    events: tuple[FeedbackEvent, ...]
    refused: tuple[BadRequest, ...] = ()


class WireFeedback(msgspec.Struct, frozen=True):
    feedback: tuple[msgspec.Raw, ...]


class WireSuggestion(msgspec.Struct, frozen=True):
    id: str


class WireCoding(msgspec.Struct, frozen=True):
    code: str
    system: str | None = None
    display: str | None = None


class WireReason(msgspec.Struct, frozen=True, rename="camel"):
    reason: WireCoding | None = None
    user_comment: str | None = None


class WireEvent(msgspec.Struct, frozen=True, rename="camel"):
    card: str
    outcome: str
    outcome_timestamp: str
    accepted_suggestions: tuple[WireSuggestion, ...] | None = None
    override_reason: WireReason | None = None


def read_feedback(body: bytes) -> Feedback:
    """The events of one report. A bad event never loses the good ones beside it.

    Raises `BadRequest` when the body is no object with an array `feedback`, or when no event of it can be read.
    """
    wire = decode_body(body, lambda text: read_object(text, "", WireFeedback))
    events: list[FeedbackEvent] = []
    refused: list[BadRequest] = []
    for number, raw in enumerate(wire.feedback):
        try:
            events.append(settle_event(read_object(raw, f"feedback[{number}]", WireEvent), f"feedback[{number}]"))
        except BadRequest as error:
            refused.append(error)
    if refused and not events:
        raise refused[0]
    return Feedback(tuple(events), tuple(refused))


def settle_event(wire: WireEvent, element: str) -> FeedbackEvent:
    """One event, its members checked one by one. Raises `BadRequest` naming the first that does not fit."""
    accepted = tuple(suggestion.id for suggestion in wire.accepted_suggestions or ())
    reason = wire.override_reason or WireReason()
    coding = reason.reason or WireCoding("")
    for place, text in enumerate((wire.card, *accepted)):
        refuse_no_id(text, f"{element}.card" if place == 0 else f"{element}.acceptedSuggestions[{place - 1}].id")
    if wire.outcome == "accepted" and not accepted:  # CH-165
        raise BadRequest(f"{element}.acceptedSuggestions", "nothing", "the suggestions that were accepted")
    return FeedbackEvent(
        card=wire.card,
        outcome=read_outcome(wire.outcome, f"{element}.outcome"),
        at=read_moment(wire.outcome_timestamp, f"{element}.outcomeTimestamp"),
        accepted=accepted,
        reason_code=coding.code[:LONGEST_ID],
        reason_system=(coding.system or "")[:LONGEST_ID],
        reason_display=(coding.display or "")[:LONGEST_ID],
        comment=(reason.user_comment or "")[:LONGEST_COMMENT],
    )


def refuse_no_id(text: str, element: str) -> None:
    if not 0 < len(text) <= LONGEST_ID:
        raise BadRequest(element, f"a string of {len(text)} characters", "the uuid of a card or suggestion")


def read_outcome(text: str, element: str) -> Outcome:
    """CH-164."""
    if text == "accepted":
        return "accepted"
    if text == "overridden":
        return "overridden"
    raise BadRequest(element, "another word", "accepted or overridden")


def read_moment(text: str, element: str) -> datetime:
    """An RFC 3339 date-time as UTC; digits beyond microseconds are cut off (CH-169)."""
    match = MOMENT.fullmatch(text)
    try:
        if match:
            second, fraction, offset = match.groups()
            written = f"{second.upper()}.{(fraction or '0')[:6]:0<6}{offset.upper()}"
            return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadRequest(element, "a string that is no date and time", "a dateTime such as 2026-11-20T09:30:00Z")


def feedback_answer(feedback: Feedback, stored: int = 0, unknown: int = 0) -> bytes:
    """The body of an answer to feedback (CH-174): how many events were read, and what is wrong with the others.

    `stored` are those that are kept, `unknown` those of them that are about cards this service does not know of.
    """
    answer: dict[str, object] = {"received": len(feedback.events), "stored": stored}
    if unknown:
        answer["unknownCards"] = unknown
    if feedback.refused:
        answer["refused"] = [str(problem) for problem in feedback.refused[:MOST_NAMED]]
    return msgspec.json.encode(answer)
