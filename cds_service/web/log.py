"""Log lines: JSON on standard error, one per call, never a value of a patient."""

import sys
from collections import Counter
from typing import Any

import msgspec
import structlog

from cds_service.hooks.discovery import Service
from cds_service.hooks.feedback import Feedback
from cds_service.reasoning.findings import Outcome
from cds_service.record.decision import DecisionRecord
from cds_service.trust.callers import Caller

GOOD_NEWS = frozenset({"database back", "release in force", "tokens shared again"})

log = structlog.get_logger()


def start_logging() -> None:
    """Send log lines of this process to standard error as JSON."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            encode_line,
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def encode_line(_logger: Any, _method: str, event: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


def log_decision(record: DecisionRecord, milliseconds: float) -> None:
    """Write what happened in one call: ids and counts, so a call can be found again without naming the patient.

    A rule that crashed is an error line of its own, for nobody else sees it before the record does.
    """
    outcomes = Counter(finding.outcome for finding in record.findings)
    for finding in record.findings:
        if finding.outcome is Outcome.ERROR:
            log.error("rule crashed", decision=record.decision_id, rule=finding.rule.id, problem=finding.error)
    log.info(
        "answered",
        decision=record.decision_id,
        client=record.client,
        service=record.service,
        hook=record.hook,
        release=record.release_digest[:12],
        cards=len(record.cards),
        withheld=len(record.withheld),
        ms=round(milliseconds, 2),
        **{outcome.value: outcomes[outcome] for outcome in Outcome},
    )


def log_store(event: str, about: str) -> None:
    """Write what the databases say of themselves: records that wait or are lost, by decision id; which release
    answers; whether used tokens are shared."""
    (log.info if event in GOOD_NEWS else log.error)(event, about=about)


def log_feedback(feedback: Feedback, service: Service, caller: Caller) -> None:
    """Count what a client reported of cards; what a person typed, and ids the client made up, stay out of the log."""
    log.info(
        "feedback",
        client=caller.tenant,
        service=service.id,
        accepted=sum(event.outcome == "accepted" for event in feedback.events),
        overridden=sum(event.outcome == "overridden" for event in feedback.events),
        refused=len(feedback.refused),
    )
