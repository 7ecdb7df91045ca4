"""Who may call a route. A route without a guard fails `tests/architecture/test_routes.py`."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response, request

from cds_service.settings import is_loopback
from cds_service.web.problems import NotForYou

P = ParamSpec("P")
View = Callable[P, Response]

FORWARDING_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def loopback_callers() -> None:
    """Only programs on this machine: their address, no proxy in between, and a host name that is this machine's.

    The host name stops a web page that makes its own name resolve to this machine (DNS rebinding).
    """
    if not is_loopback(request.remote_addr or ""):
        raise NotForYou("only callers on this machine are served")
    if any(name in request.headers for name in FORWARDING_HEADERS):
        raise NotForYou("calls through a proxy are not served while client authentication is not configured")
    if not is_loopback(host_name(request.host)):
        raise NotForYou("Host: expected localhost, 127.0.0.1 or [::1]")


def host_name(host: str) -> str:
    """`host` without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def open_to(callers: Callable[[], None]) -> Callable[[View[P]], View[P]]:
    """Let only `callers` reach a view; they raise `NotForYou` for anybody else."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
            callers()
            return view(*args, **kwargs)

        guarded.open_to = callers  # type: ignore[attr-defined]  # read by the test that counts unguarded routes
        return guarded

    return guard
