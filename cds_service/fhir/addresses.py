"""FHIR base URLs, and which of them may be talked to (CH-094, CH-095).

Addresses are compared part by part and must be written plainly: no user, no escapes, no dot segments. What two URL
parsers could read in two ways is refused rather than understood.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urljoin

HOST = r"\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
ORIGIN = re.compile(rf"(https?)://({HOST})(?::(\d{{1,5}}))?(?=[/?]|\Z)", re.I | re.A)
PATH = re.compile(r"(/[\w.~-]+)*/?", re.A)
PRINTED = re.compile(r"[!-\[\]-~]*")  # ASCII without blanks, control characters and the backslash
NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.I | re.A)
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Who a URL talks to. The host is in small letters, an IPv6 address without brackets."""

    scheme: str
    host: str
    port: int


def origin_of(url: str) -> Origin | None:
    """The origin of an absolute http or https URL; None for anything else, and for what is not written plainly."""
    match = ORIGIN.match(url)
    if match is None or not PRINTED.fullmatch(url):
        return None
    scheme, host = match[1].lower(), match[2].lower().strip("[]")
    return Origin(scheme, host, int(match[3] or DEFAULT_PORTS[scheme]))


def path_of(url: str) -> tuple[str, ...] | None:
    """The segments of a base URL's path; None when it has a query, a fragment, escapes or dot segments."""
    match = ORIGIN.match(url)
    rest = url[match.end() :] if match else "?"
    segments = tuple(segment for segment in rest.split("/") if segment)
    return segments if PATH.fullmatch(rest) and not {".", ".."} & set(segments) else None


def why_refused(url: str, dev: bool) -> str:
    """Why a service must not be called at this address; empty if it may. `dev` allows http and this machine."""
    origin = origin_of(url)
    if origin is None or path_of(url) is None:
        return "expected an https URL without user, query, fragment, escapes and dot segments"
    if dev:
        return ""
    if origin.scheme != "https":
        return "expected https"
    return why_host_refused(origin.host)


def why_host_refused(host: str) -> str:
    """Why no EHR is at this host: it means this machine, its network segment, or is a number in disguise."""
    try:
        address = ip_address(host)
    except ValueError:
        if NUMBER.fullmatch(host.rpartition(".")[2]):
            return "expected a host name or an address written in full"
        return "this machine is no EHR" if host == "localhost" or host.endswith(".localhost") else ""
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped.is_loopback or mapped.is_link_local or mapped.is_unspecified or mapped.is_multicast:
        return "a loopback, link-local, unspecified or multicast address is no EHR"
    return ""


def allowed_base(fhir_server: str, bases: Iterable[str], dev: bool) -> str | None:
    """`fhir_server` without its last slash if it is one of `bases` or below one; else None.

    Scheme, host and port must be the same, and the path of the base must be the first segments of the server's.
    """
    origin, path = origin_of(fhir_server), path_of(fhir_server)
    if origin is None or path is None or why_refused(fhir_server, dev):
        return None
    for base in bases:
        base_path = path_of(base)
        if origin_of(base) == origin and base_path is not None and path[: len(base_path)] == base_path:
            return fhir_server.rstrip("/")
    return None


def next_page(link: str, here: str) -> str | None:
    """The absolute URL of a `next` link found at `here`; None when it leads to another origin (CH-079, CH-095)."""
    try:
        url = urljoin(here, link)
    except ValueError:
        return None
    return url if origin_of(url) is not None and origin_of(url) == origin_of(here) else None
