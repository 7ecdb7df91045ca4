"""Asks remote models by the Open Inference Protocol, version 2, and stops asking one that does not answer.

Only the values of predictors travel: no name, no identifier, no date. https://github.com/kserve/open-inference-protocol
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import msgspec

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.knowledge.bundle import Bundle, RemoteModel
from cds_service.knowledge.release import Release
from cds_service.outbound import Answer, NoAnswer, Trouble
from cds_service.risk.prediction import Predictors
from cds_service.risk.remote import fact_name, to_ask

OPENS_AFTER = 3  # failures in a row
STAYS_OPEN_S = 30.0
MOST_BYTES = 65_536
OK = 200
REASONS = {
    Trouble.TIMED_OUT: Unknown(Reason.TIMED_OUT, "the model's server did not answer in time"),
    Trouble.TOO_LARGE: Unknown(Reason.MALFORMED, "the model's server sent more than is accepted"),
    Trouble.UNREACHABLE: Unknown(Reason.TIMED_OUT, "the model's server cannot be reached"),
}
NOT_UNDERSTOOD = Unknown(Reason.MALFORMED, "the model's server sent no probability")
NOT_ASKED = Unknown(Reason.TIMED_OUT, "the model's server failed several times and is not asked for a while")

Post = Callable[[str, bytes, float, int], Answer]
"""Sends JSON to a URL until a moment on the monotonic clock, reading at most so many bytes. Raises `NoAnswer`."""


class Output(msgspec.Struct, frozen=True):
    name: str
    data: tuple[float, ...]


class Inferred(msgspec.Struct, frozen=True):
    """The answer of the protocol; the members that are read."""

    outputs: tuple[Output, ...]
    model_version: str = ""


DECODER = msgspec.json.Decoder(Inferred)


@dataclass(slots=True)
class Breaker:
    """Whether one model is asked: not for `STAYS_OPEN_S` seconds after `OPENS_AFTER` failures in a row; then one call
    tries again."""

    failures: int = 0
    open_until: float = 0.0
    lock: Lock = field(default_factory=Lock)

    def lets_through(self, now: float) -> bool:
        with self.lock:
            if self.failures < OPENS_AFTER:
                return True
            if now < self.open_until:
                return False
            self.open_until = now + STAYS_OPEN_S  # the others wait for what this one finds
            return True

    def note(self, answered: bool, now: float) -> None:
        with self.lock:
            self.failures = 0 if answered else self.failures + 1
            self.open_until = now + STAYS_OPEN_S


@dataclass(frozen=True, slots=True)
class RemoteModels:
    """The remote models of a process, each behind its breaker. `clock` is monotonic, in seconds."""

    post: Post
    clock: Callable[[], float]
    breakers: dict[str, Breaker] = field(default_factory=dict)

    def infer(self, release: Release, chart: Chart, deadline: float) -> dict[str, Fact[Any]]:
        """The answers as facts, by name; Unknown with the reason where there is none. Never raises for a server."""
        if not release.remote_models:
            return {}
        answers: dict[str, Fact[Any]] = {}
        for bundle, predictors in to_ask(release.models, chart):
            place = release.remote_models.get(bundle.id)
            if place is not None:
                answers.update(self.ask(bundle, predictors, place, deadline))
        return answers

    def ask(self, bundle: Bundle, predictors: Predictors, place: RemoteModel, deadline: float) -> dict[str, Fact[Any]]:
        breaker = self.breakers.setdefault(bundle.id, Breaker())
        now = self.clock()
        if not breaker.lets_through(now):
            return every(bundle, NOT_ASKED)
        try:
            until = min(deadline, now + place.within_ms / 1000)
            answers = read_answer(self.post(infer_url(place), question(bundle, predictors), until, MOST_BYTES), bundle)
        except NoAnswer as why:
            answers = every(bundle, REASONS[why.trouble])
        breaker.note(all(isinstance(answer, Known) for answer in answers.values()), self.clock())
        return answers

    def not_asked(self) -> tuple[str, ...]:
        """The ids of models that failed several times and are not asked for a while."""
        now = self.clock()
        return tuple(
            sorted(id for id, each in self.breakers.items() if each.failures >= OPENS_AFTER and now < each.open_until)
        )


def infer_url(place: RemoteModel) -> str:
    return f"{place.url.rstrip('/')}/v2/models/{place.name}/infer"


def question(bundle: Bundle, predictors: Predictors) -> bytes:
    """The request: one tensor of one value for each known predictor; words as BYTES. What is unknown is left out."""
    inputs = [
        {"name": name, "shape": [1], "datatype": "BYTES" if isinstance(value, str) else "FP64", "data": [value]}
        for name, value in predictors.values.items()
        if value is not None
    ]
    return msgspec.json.encode({"inputs": inputs, "outputs": [{"name": outcome.id} for outcome in bundle.outcomes]})


def read_answer(answer: Answer, bundle: Bundle) -> dict[str, Fact[Any]]:
    """A probability for every outcome, or nothing understood."""
    if answer.status != OK:
        return every(bundle, Unknown(Reason.MALFORMED, f"the model's server answered {answer.status}"))
    try:
        said = DECODER.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return every(bundle, NOT_UNDERSTOOD)
    found = {each.name: each.data[0] for each in said.outputs if len(each.data) == 1 and 0 < each.data[0] < 1}
    if any(outcome.id not in found for outcome in bundle.outcomes):
        return every(bundle, NOT_UNDERSTOOD)
    source = Source(f"{bundle.id} {said.model_version}".rstrip())
    return {fact_name(bundle, outcome): Known(found[outcome.id], None, (source,)) for outcome in bundle.outcomes}


def every(bundle: Bundle, fact: Unknown) -> dict[str, Fact[Any]]:
    return {fact_name(bundle, outcome): fact for outcome in bundle.outcomes}


def describe_models(release: Release, not_asked: tuple[str, ...]) -> Mapping[str, object]:
    """What of the models does not run as its file says: switched off with the reason, or not asked for a while."""
    return {"off": dict(release.models_off), "not_asked": list(not_asked)}
