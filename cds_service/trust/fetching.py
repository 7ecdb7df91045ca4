"""Small public documents of clients: key sets, capability statements."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from queue import Empty, Queue
from threading import Thread

from cds_service.errors import CdsError
from cds_service.outbound import Answer, NoAnswer, Outbound, Trouble

WITHIN_S = 2.0
MOST_KEY_SET_BYTES = 256_000
METADATA_WITHIN_S = 20.0
MOST_METADATA_BYTES = 16_000_000
JSON = "application/json"
FHIR_JSON = "application/fhir+json"


@dataclass(unsafe_hash=True)
class NotFetched(CdsError):
    """Another server answered, but not with the document."""

    found: str

    def __str__(self) -> str:
        return self.found


def fetch_document(outbound: Outbound, url: str, accept: str, within_s: float, most_bytes: int) -> bytes:
    """The body behind `url`, not followed elsewhere. Raises `NotFetched` or `NoAnswer`."""
    answer = ask(lambda: outbound.get(url, accept, outbound.clock() + within_s, most_bytes), within_s)
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        raise NotFetched(f"redirects elsewhere ({answer.status}); redirects are not followed, name the final address")
    if answer.status != HTTPStatus.OK:
        raise NotFetched(f"answered with status {answer.status}")
    return answer.body


def ask(question: Callable[[], Answer], within_s: float) -> Answer:
    """The answer to `question`, given up after `within_s`: a server may also drip the lines before the body, whose
    time nobody else counts. Raises `NoAnswer`."""
    answers: Queue[Answer | NoAnswer] = Queue(1)

    def wait() -> None:
        try:
            answers.put(question())
        except NoAnswer as error:
            answers.put(error)

    Thread(target=wait, daemon=True).start()
    try:
        answer = answers.get(timeout=within_s)
    except Empty:
        raise NoAnswer(Trouble.TIMED_OUT) from None
    if isinstance(answer, NoAnswer):
        raise answer
    return answer


def key_set_fetch(outbound: Outbound) -> Callable[[str], bytes]:
    """Fetches key sets: at most 2 s and 256 kB each."""
    return lambda url: fetch_document(outbound, url, JSON, WITHIN_S, MOST_KEY_SET_BYTES)


def metadata_fetch(outbound: Outbound) -> Callable[[str], bytes]:
    """Fetches capability statements, which are large and slow on big servers; for an operator who waits."""
    return lambda url: fetch_document(outbound, url, FHIR_JSON, METADATA_WITHIN_S, MOST_METADATA_BYTES)
