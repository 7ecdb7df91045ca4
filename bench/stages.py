"""Where the time of one call goes, in process."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cds_service.app import build
from cds_service.call import Call
from cds_service.chart.gather import gather
from cds_service.fhir.read import read_request
from cds_service.hooks.request import parse_request
from cds_service.hooks.response import HookResponse
from cds_service.presenting.choose import choose
from cds_service.presenting.compose import compose
from cds_service.presenting.session import Session
from cds_service.reasoning.evaluate import evaluate
from cds_service.record.decision import DecisionRecord
from cds_service.recording import entry_of
from cds_service.settings import Settings
from cds_service.trust.callers import local_caller

ROUNDS = 300


def profile(body: bytes) -> dict[str, float]:
    """Median milliseconds of each stage over `ROUNDS` calls. What the store then does with a record is not in it."""
    records: list[DecisionRecord] = []
    application = build(Settings(profile="dev"), write=lambda record, milliseconds: records.append(record))
    release = application.release
    service = next(service for service in release.services if service.hook == "order-sign")
    application.answer(body, service, local_caller("bench"))
    times: dict[str, list[float]] = {}

    def timed(stage: str, step: Callable[..., Any], *arguments: Any) -> Any:
        started = time.perf_counter()
        result = step(*arguments)
        times.setdefault(stage, []).append((time.perf_counter() - started) * 1000)
        return result

    for _ in range(ROUNDS):
        request = timed("parse", parse_request, body, service.hook)
        now = request.as_of or datetime.now(UTC)
        decision_id = application.name_decision(body, now)
        call = Call(request, service, decision_id, now, application.settings.zone, "bench", "bench")
        received = timed("read", read_request, request, service.prefetch)
        chart = timed(
            "gather",
            gather,
            received,
            release.needs,
            service.hook,
            now,
            call.zone,
            release.terminology,
            release.code_map,
            release.genes,
        )
        findings = timed("evaluate", evaluate, release.index, chart)
        shown, _withheld = timed("choose", choose, findings, chart, release, service.hook)
        session = Session(request.context.patient_id)
        cards = timed("compose", compose, shown, chart, release, call.decision_id, findings, session)
        timed("encode", HookResponse(cards=cards).encode)
        timed("record", entry_of, records[0])
    return {stage: round(statistics.median(values), 4) for stage, values in times.items()}
