"""What the service says of itself to Prometheus: counts and times, and in no label anything of a patient.

Tenants, services, rules' outcomes and reasons are words of the configuration or of closed lists. With
`PROMETHEUS_MULTIPROC_DIR` set before the first import, each process keeps its numbers in a file of that folder and any
of them answers for all (prometheus_client's multiprocess mode); without it a process answers for itself.
"""

import importlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cds_service.monitoring.laps import Laps
from cds_service.record.decision import DecisionRecord
from cds_service.risk.prediction import Prediction

if TYPE_CHECKING:
    from prometheus_client import Counter as Meter
    from prometheus_client import Histogram
    from prometheus_client.metrics import MetricWrapperBase

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 1.0)
SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
UNDETERMINED = "undetermined"

Labels = tuple[str, ...]
M = TypeVar("M", bound="MetricWrapperBase")


class Meters:
    """The counters of one process. `text` is what Prometheus reads, of all processes."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self.registry = registry = CollectorRegistry()

        def count(name: str, about: str, *labels: str) -> "Children[Meter]":
            return Children(Counter(f"cds_{name}", about, labels, registry=registry))

        def measure(name: str, about: str, buckets: tuple[float, ...], *labels: str) -> "Children[Histogram]":
            return Children(Histogram(f"cds_{name}", about, labels, buckets=buckets, registry=registry))

        self.seconds = measure("stage_seconds", "Time of each stage of a call.", SECONDS, "service", "stage")
        self.answers = count("http_responses", "HTTP answers by service and status.", "service", "status")
        self.calls = count("calls", "Calls that were answered with cards, or with none.", "tenant", "service")
        self.cards = count("cards", "Cards by indicator.", "tenant", "service", "indicator")
        self.findings = count("findings", "Rules reached, by outcome.", "tenant", "service", "outcome")
        self.withheld = count("withheld_findings", "Findings not shown, by reason.", "tenant", "reason")
        self.unknowns = count(
            "unknowns", "What kept rules of a call undetermined, each once.", "tenant", "kind", "reason"
        )
        self.keys = count("prefetch", "Prefetch keys by how they arrived in the end.", "tenant", "key", "state")
        self.fetched = count("fallback", "Keys that were asked of a FHIR server.", "tenant", "outcome")
        self.scores = measure("score", "Predicted probabilities.", SHARES, "tenant", "model", "version", "outcome")
        self.refusals = count("score_refusals", "Models that said nothing of a patient.", "tenant", "model", "version")
        self.feedback = count(
            "feedback", "What clients reported of cards, again and again included.", "tenant", "outcome"
        )

    def count_call(self, record: DecisionRecord, laps: Laps) -> None:
        """Count one decision and its stages."""
        tenant, service = record.tenant, record.service
        for stage, seconds in laps.stages.items():
            self.seconds[service, stage].observe(seconds)
        self.seconds[service, "all"].observe(laps.last - laps.began)
        self.calls[tenant, service].inc()
        add_each(self.cards, (tenant, service), (str(card.indicator) for card in record.cards))
        add_each(self.findings, (tenant, service), (finding.outcome.value for finding in record.findings))
        add_each(self.withheld, (tenant,), (withheld.reason for withheld in record.withheld))
        for kind, _, reason in missing_of(record):
            self.unknowns[tenant, kind, reason].inc()
        for key, state in record.key_states.items():
            self.keys[tenant, key, name_state(state)].inc()
        self.count_scores(record)

    def count_scores(self, record: DecisionRecord) -> None:
        for each in record.scored:
            if not isinstance(each, Prediction):
                self.refusals[record.tenant, each.model, each.version].inc()
            elif each.probability is not None:
                self.scores[record.tenant, each.model, each.version, each.outcome].observe(each.probability)

    def count_fetch(self, tenant: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Count the keys that had not arrived, by whether a FHIR server filled them; both are `Received.prefetch`."""
        for key, result in before.items():
            if not result.complete and after.get(key) is not result:
                self.fetched[tenant, "filled" if after[key].complete else "not filled"].inc()

    def count_feedback(self, tenant: str, outcomes: Iterable[str]) -> None:
        add_each(self.feedback, (tenant,), outcomes)

    def count_answer(self, service: str, status: int) -> None:
        self.answers[service, str(status)].inc()

    def text(self) -> bytes:
        """All numbers, as Prometheus reads them (text format 0.0.4)."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        if FOLDER not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


class Children(Generic[M]):
    """One metric; each of its children is looked up once."""

    def __init__(self, metric: M) -> None:
        self.metric = metric
        self.known: dict[Labels, M] = {}

    def __getitem__(self, labels: Labels) -> M:
        child = self.known.get(labels)
        if child is None:
            child = self.known[labels] = self.metric.labels(*labels)
        return child


def add_each(meter: "Children[Meter]", labels: Labels, last: Iterable[str]) -> None:
    """Count each of `last` as the last label after `labels`."""
    for word, number in Counter(last).items():
        meter[*labels, word].inc(number)


def missing_of(record: DecisionRecord) -> set[tuple[str, str, str]]:
    """What was missing for the rules that could not be decided: kind, subject and reason, each once.

    The text of a drug that was not recognised is the client's: only that there was one is kept.
    """
    return {
        (missing.kind, "" if missing.kind == "drug" else missing.subject, missing.reason.value)
        for finding in record.findings
        if finding.outcome.value == UNDETERMINED
        for missing in finding.missing
    }


def name_state(state: str) -> str:
    """How a prefetch key arrived, without its numbers: `read`, `partly read` or why nothing came of it."""
    if state.startswith("read"):
        return "read"
    return "partly read" if any(letter.isdigit() for letter in state) else state


def prepare_folder(folder: Path) -> None:
    """Let the processes forked from this one keep their numbers in `folder`, which is emptied. Comes before anything
    imports prometheus_client, which is imported here so that they share its memory."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()
    os.environ[FOLDER] = str(folder)
    importlib.import_module("prometheus_client.multiprocess")


def forget_process(pid: int) -> None:
    """Give up the gauges of a process that ended; what it counted stays."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid)  # type: ignore[no-untyped-call]
