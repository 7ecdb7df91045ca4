"""The only module that opens connections to elsewhere: bounded in time and bytes, and never redirected.

Environment variables do not count here: `REQUESTS_CA_BUNDLE`, proxies and `.netrc` would change who is believed and
who is told a secret. Cookies are not kept, for one pool serves many patients.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

from cds_service.errors import CdsError

CONNECTIONS = 64
CHUNK = 65_536


class Trouble(StrEnum):
    """Why there is no answer."""

    TIMED_OUT = "did not answer in time"
    TOO_LARGE = "sent more than is accepted"
    UNREACHABLE = "cannot be reached"


@dataclass(unsafe_hash=True)
class NoAnswer(CdsError):
    """Another server did not answer, or not within bounds."""

    trouble: Trouble

    def __str__(self) -> str:
        return self.trouble.value


@dataclass(frozen=True, slots=True)
class Answer:
    """What another server said. Redirects are answers too: nobody follows them."""

    status: int
    body: bytes = field(repr=False)


class Outbound:
    """A pool of kept-alive connections, safe to use from many threads.

    A deadline is a moment on `clock`, in seconds, and covers connecting, headers and body. `ca_bundle` is a file of
    trusted certificates in place of the shipped ones.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, ca_bundle: str | None = None) -> None:
        logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # its lines hold queries, and those a patient's id
        self.clock = clock
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = ca_bundle or True
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=CONNECTIONS, max_retries=0))

    def get(self, url: str, accept: str, deadline: float, most_bytes: int, bearer: str = "") -> Answer:
        """The answer to a GET, asked again once if the connection broke. `bearer` goes to this URL and no other.

        Raises `NoAnswer`.
        """
        headers = {"Accept": accept, **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        try:
            return self._exchange("GET", url, headers, {}, deadline, most_bytes)
        except NoAnswer as error:
            if error.trouble is not Trouble.UNREACHABLE:
                raise
        return self._exchange("GET", url, headers, {}, deadline, most_bytes)

    def post(self, url: str, form: Mapping[str, str], deadline: float, most_bytes: int) -> Answer:
        """The answer to a form, sent once. Raises `NoAnswer`."""
        return self._exchange("POST", url, {"Accept": "application/json"}, form, deadline, most_bytes)

    def post_json(self, url: str, body: bytes, deadline: float, most_bytes: int) -> Answer:
        """The answer to a JSON document, sent once. Raises `NoAnswer`."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return self._exchange("POST", url, headers, body, deadline, most_bytes)

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | bytes,
        deadline: float,
        most_bytes: int,
    ) -> Answer:
        left = deadline - self.clock()
        if left <= 0:
            raise NoAnswer(Trouble.TIMED_OUT)
        try:
            with self.session.request(
                method, url, headers=headers, data=form, timeout=left, allow_redirects=False, stream=True
            ) as response:
                return Answer(response.status_code, self._read(response, deadline, most_bytes))
        except (requests.Timeout, ReadTimeoutError):
            raise NoAnswer(Trouble.TIMED_OUT) from None
        except (requests.RequestException, HTTPError, OSError, UnicodeError):
            raise NoAnswer(Trouble.UNREACHABLE) from None

    def _read(self, response: requests.Response, deadline: float, most_bytes: int) -> bytes:
        """The body, decompressed. A time-out of the library starts anew with every byte, so the clock is asked too."""
        parts, size = [], 0
        while part := response.raw.read1(CHUNK, decode_content=True):
            size += len(part)
            if size > most_bytes:
                raise NoAnswer(Trouble.TOO_LARGE)
            if self.clock() > deadline:
                raise NoAnswer(Trouble.TIMED_OUT)
            parts.append(part)
        return b"".join(parts)
