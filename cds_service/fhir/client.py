"""The bounded FHIR client: every query answered or given up by one deadline, in bytes and pages that have an end."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

from msgspec.structs import replace

from cds_service.fhir.addresses import next_page
from cds_service.fhir.pages import Page, join, missing_page, read_page
from cds_service.fhir.queries import Query
from cds_service.fhir.received import KeyResult, Reason
from cds_service.outbound import CONNECTIONS, NoAnswer, Outbound

FHIR_JSON = "application/fhir+json"
MOST_PAGES = 10
MOST_BYTES = 4_000_000
LAST_MOMENT_S = 0.02
"""How much longer the caller waits than the queries run, so that pages that came in time are not lost."""


class FhirClient:
    """One FHIR server, with connections and threads of its own: a slow server holds up nobody else's calls."""

    def __init__(self, outbound: Outbound) -> None:
        self.outbound = outbound
        self.threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="fhir")

    def read_all(self, base: str, queries: Mapping[str, Query], bearer: str, deadline: float) -> dict[str, KeyResult]:
        """The result of every query, asked in parallel; what has not come by `deadline` (on the clock of `outbound`)
        timed out. `bearer` goes to the origin of `base` only. Never raises."""
        asked = {key: self.threads.submit(self.read, base, query, bearer, deadline) for key, query in queries.items()}
        done, late = wait(asked.values(), timeout=max(0.0, deadline + LAST_MOMENT_S - self.outbound.clock()))
        for future in late:
            future.cancel()
        return {key: settle(future, future in done, queries[key]) for key, future in asked.items()}

    def read(self, base: str, query: Query, bearer: str, deadline: float) -> KeyResult:
        """One query with the pages that follow it on the same origin (CH-079, CH-095)."""
        url: str | None = f"{base}/{query.path}"
        pages: list[Page] = []
        while url is not None and len(pages) < MOST_PAGES:
            pages.append(self._read_page(url, query, bearer, deadline))
            following = pages[-1].following
            url = next_page(following, url) if following else None
        return join(pages)

    def _read_page(self, url: str, query: Query, bearer: str, deadline: float) -> Page:
        try:
            return read_page(self.outbound.get(url, FHIR_JSON, deadline, MOST_BYTES, bearer), query)
        except NoAnswer as error:
            return missing_page(error)


def settle(future: Future[KeyResult], done: bool, query: Query) -> KeyResult:
    """What came of a query. Scopes that grant a part leave out the rest without a word, so that proves no absence."""
    if not done:
        return KeyResult(reason=Reason.TIMED_OUT)
    result = future.result()
    return replace(result, complete=False, reason=Reason.REFUSED) if query.narrowed and result.complete else result
