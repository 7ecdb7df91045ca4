"""Feedback: what became of cards, as the client reports it (CH-160..174)."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeVar

import msgspec

from cds_service.errors import BadRequest
from cds_service.hooks.members import expected_of, fits, kind_of, read_once
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
    """One report: the events that could be read, and what is wrong with the others. `left_out` names the members that
    could not be read in events that are kept without them."""

    events: tuple[FeedbackEvent, ...]
    refused: tuple[BadRequest, ...] = ()
    left_out: tuple[BadRequest, ...] = ()


ABSENT = msgspec.Raw(b"null")
"""Stands for a member that is null or not there."""
CODING = ("code", "system", "display")
Members = dict[str, msgspec.Raw]
T = TypeVar("T")


class WireFeedback(msgspec.Struct, frozen=True):
    feedback: tuple[msgspec.Raw, ...]


class WireSuggestion(msgspec.Struct, frozen=True):
    id: str


class WireEvent(msgspec.Struct, frozen=True, rename="camel"):
    card: str
    outcome: str
    outcome_timestamp: str
    accepted_suggestions: tuple[WireSuggestion, ...] | None = None
    override_reason: msgspec.Raw = msgspec.field(default_factory=lambda: ABSENT)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a card was overridden, as far as it can be read, and what of it cannot."""

    code: str = ""
    system: str = ""
    display: str = ""
    comment: str = ""
    left_out: tuple[BadRequest, ...] = ()


def read_feedback(body: bytes) -> Feedback:
    """The events of one report. A bad event never loses the good ones beside it, an odd reason never its event.

    Raises `BadRequest` when the body is no object with an array `feedback`, or when no event of it can be read.
    """
    wire = decode_body(body, lambda text: read_once(text, "", WireFeedback))
    events: list[FeedbackEvent] = []
    refused: list[BadRequest] = []
    left_out: list[BadRequest] = []
    for number, raw in enumerate(wire.feedback):
        element = f"feedback[{number}]"
        try:
            event = read_once(raw, element, WireEvent)
            reason = read_reason(event.override_reason, f"{element}.overrideReason")
            events.append(settle_event(event, reason, element))
            left_out += reason.left_out
        except BadRequest as error:
            refused.append(error)
    if refused and not events:
        raise refused[0]
    return Feedback(tuple(events), tuple(refused), tuple(left_out))


def read_reason(raw: msgspec.Raw, element: str) -> Reason:
    """What can be read of a reason. An override counts without one (CH-166), so an odd one loses nothing else."""
    left_out: list[BadRequest] = []

    def read(value: msgspec.Raw, name: str, kind: type[T]) -> T | None:
        if value == ABSENT:
            return None
        if fits(value, kind):
            return msgspec.json.decode(value, type=kind)
        left_out.append(BadRequest(f"{element}{name}", kind_of(value), expected_of(kind)))
        return None

    reason = read(raw, "", Members) or {}
    coding = read(reason.get("reason", ABSENT), ".reason", Members)
    texts = [read((coding or {}).get(name, ABSENT), f".reason.{name}", str) or "" for name in CODING]
    if coding is not None and coding.get("code", ABSENT) == ABSENT:
        left_out.append(BadRequest(f"{element}.reason.code", "nothing", "a string"))
    comment = read(reason.get("userComment", ABSENT), ".userComment", str) or ""
    code, system, display = (text[:LONGEST_ID] for text in texts)
    return Reason(code, system, display, comment[:LONGEST_COMMENT], tuple(left_out))


def settle_event(wire: WireEvent, reason: Reason, element: str) -> FeedbackEvent:
    """One event, its members checked one by one. Raises `BadRequest` naming the first that does not fit."""
    accepted = tuple(suggestion.id for suggestion in wire.accepted_suggestions or ())
    for place, text in enumerate((wire.card, *accepted)):
        refuse_no_id(text, f"{element}.card" if place == 0 else f"{element}.acceptedSuggestions[{place - 1}].id")
    if wire.outcome == "accepted" and not accepted:  # CH-165
        raise BadRequest(f"{element}.acceptedSuggestions", "nothing", "the suggestions that were accepted")
    return FeedbackEvent(
        card=wire.card,
        outcome=read_outcome(wire.outcome, f"{element}.outcome"),
        at=read_moment(wire.outcome_timestamp, f"{element}.outcomeTimestamp"),
        accepted=accepted,
        reason_code=reason.code,
        reason_system=reason.system,
        reason_display=reason.display,
        comment=reason.comment,
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

    `stored` are those that are kept, `unknown` those of them that are about cards this service does not know of;
    `leftOut` says what of them could not be read.
    """
    answer: dict[str, object] = {"received": len(feedback.events), "stored": stored}
    if unknown:
        answer["unknownCards"] = unknown
    if feedback.refused:
        answer["refused"] = [str(problem) for problem in feedback.refused[:MOST_NAMED]]
    if feedback.left_out:
        answer["leftOut"] = [str(problem) for problem in feedback.left_out[:MOST_NAMED]]
    return msgspec.json.encode(answer)
