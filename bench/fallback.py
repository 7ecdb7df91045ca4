"""`python -m bench.fallback`: what the fall-back takes on top of the slowest of its searches."""

import json
import statistics
import sys
import time
from dataclasses import replace

from rich.console import Console

from bench.bodies import order_sign
from bench.servers import Server, running
from bench.slow_ehr import DELAY_S
from cds_service.app import build
from cds_service.fhir.client import FhirClient
from cds_service.fhir.fetch import Asker, FallBack, FhirAccess
from cds_service.fhir.queries import Query
from cds_service.fhir.read import read_request
from cds_service.fhir.received import KeyResult
from cds_service.hooks.authorization import Authorization
from cds_service.hooks.request import parse_request
from cds_service.outbound import Outbound
from cds_service.settings import Settings

CALLS, WARM_UP = 200, 10
EHR = [sys.executable, "-m", "bench.slow_ehr"]


class TimedClient(FhirClient):
    """The client, noting how long each of its searches took."""

    times: list[float]

    def read(self, base: str, query: Query, bearer: str, deadline: float) -> KeyResult:
        started = time.perf_counter()
        result = super().read(base, query, bearer, deadline)
        self.times.append(time.perf_counter() - started)
        return result


def measure(ehr: Server) -> tuple[int, list[float], list[float]]:
    """How many searches one call makes; milliseconds of each call's slowest search, and of everything else in it."""
    application = build(Settings(profile="dev"), write=lambda record, milliseconds: None)
    service = next(each for each in application.release.services if each.hook == "order-sign")
    base = f"http://127.0.0.1:{ehr.port}/fhir"
    body = json.dumps({**json.loads(order_sign(14_000)), "prefetch": {}}).encode()
    request = replace(parse_request(body, service.hook), fhir_server=base)
    fall_back = FallBack(Outbound, time.monotonic, dev=True)
    client = fall_back.clients[base] = TimedClient(Outbound())
    slowest, rest = [], []
    for number in range(WARM_UP + CALLS):
        client.times = []
        token = Authorization(f"token-{number}", "patient/*.rs")  # a new one each time, so that nothing is run ahead
        received = read_request(request, service.prefetch)
        started = time.perf_counter()
        asker = Asker("bench", "bench", FhirAccess((base,)))
        asked = replace(request, authorization=token)
        found = fall_back.fetch(asked, service.prefetch, asker, received, time.monotonic() + 5)
        took = time.perf_counter() - started
        if number >= WARM_UP:
            assert all(found.prefetch[key].complete for key in ("medications", "labs", "allergies"))
            slowest.append(max(client.times) * 1000)
            rest.append((took - max(client.times)) * 1000)
    return len(client.times), slowest, rest


def main() -> None:
    with running(EHR) as ehr:
        searches, slowest, rest = measure(ehr)
    percentiles = [statistics.quantiles(values, n=20) for values in (slowest, rest)]
    Console().print(
        f"{searches} searches of {DELAY_S * 1000:.0f} ms each, {CALLS} calls: slowest search"
        f" p50 {percentiles[0][9]:.1f} ms, p95 {percentiles[0][18]:.1f} ms;"
        f" on top of it p50 {percentiles[1][9]:.1f} ms, p95 {percentiles[1][18]:.1f} ms"
    )


if __name__ == "__main__":
    main()
