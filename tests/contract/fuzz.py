"""`python -m tests.contract.fuzz 20000`: that many signed calls of three kinds. An answer that the document does not
allow, or a rule that crashes, ends it. `SEED` in the environment gives other calls.
"""

import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import schemathesis
import structlog
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from cds_service.app import build
from cds_service.reasoning.findings import Outcome
from cds_service.record.decision import DecisionRecord
from cds_service.settings import Settings
from tests.contract.bodies import hook_calls
from tests.contract.calls import Contract

SHARES = {GenerationMode.POSITIVE: 0.1, GenerationMode.NEGATIVE: 0.05}
"""Of the calls that follow the document, and that break it. The rest carries odd FHIR data."""
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example]


def run(strategy: st.SearchStrategy[Any], check: Callable[[Any], None], cases: int, start: int) -> None:
    """Draw `cases` values and check each. The same `start` gives the same values."""

    @seed(start)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=QUIET,
        phases=[Phase.generate, Phase.shrink],
    )
    @given(strategy)
    def each(value: Any) -> None:
        check(value)

    each()


def fuzz(contract: Contract, cases: int, start: int) -> None:
    """Make `cases` calls: first a few from the document, which are slow to invent, then many with odd FHIR data."""
    operations = [found.ok() for found in schemathesis.openapi.from_dict(contract.document).get_all_operations()]

    def send_described(case: schemathesis.Case) -> None:
        sent = case.as_transport_kwargs(base_url="http://localhost")
        body = json.dumps(sent["json"]).encode() if "json" in sent else as_bytes(sent.get("data"))
        contract.call(case.method, case.path, body)

    posts = [operation for operation in operations if operation.body]
    for mode, share in SHARES.items():
        for number, operation in enumerate(posts):
            strategy = operation.as_strategy(generation_mode=mode)
            run(strategy, send_described, max(1, int(cases * share) // len(posts)), start + number)

    def send_fhir(call: tuple[str, Any]) -> None:
        service, request = call
        contract.call("POST", f"/cds-services/{service}", json.dumps(request).encode())

    run(hook_calls(), send_fhir, cases - contract.statuses.total(), start)


def as_bytes(data: Any) -> bytes | None:
    return data.encode() if isinstance(data, str) else data


def refuse_crashes(record: DecisionRecord, milliseconds: float) -> None:
    """A rule that crashes is named on a card; here it is a defect."""
    crashed = [finding for finding in record.findings if finding.outcome is Outcome.ERROR]
    assert crashed == [], crashed


def main() -> None:
    cases, start = int(sys.argv[1]), int(os.environ.get("SEED", "0"))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    application = build(Settings(), write=refuse_crashes)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        contract = Contract.of(application, Path(home))
        fuzz(contract, cases, start)
    counts = ", ".join(f"{status}: {count}" for status, count in sorted(contract.statuses.items()))
    print(f"{contract.statuses.total()} calls in {time.monotonic() - began:.0f} s ({counts})")


if __name__ == "__main__":
    main()
