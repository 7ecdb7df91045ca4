"""Who may call a route. A route without a guard fails `tests/architecture/test_routes.py`."""

from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from typing import ParamSpec

from flask import Flask, Response, current_app, g, request

from cds_service.app import Application
from cds_service.errors import NotTrusted
from cds_service.settings import is_loopback
from cds_service.trust.callers import Caller, Presented, local_caller
from cds_service.web.problems import NotForYou

P = ParamSpec("P")
View = Callable[P, Response]

EXTENSION = "cds_service"
FORWARDING_HEADERS = frozenset(
    {
        *("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO"),
        *("HTTP_X_REAL_IP", "HTTP_VIA"),
    }
)
"""As WSGI names them."""


def loopback_callers() -> None:
    """Only programs on this machine: their address, no proxy in between, and a host name that is this machine's.

    The host name stops a web page that makes its own name resolve to this machine (DNS rebinding).
    """
    if why := why_not_local():
        raise NotForYou(why)


def why_not_local() -> str:
    """Why a caller does not count as being on this machine; empty if it does."""
    if not is_loopback(request.remote_addr or ""):
        return "only callers on this machine are served"
    if not FORWARDING_HEADERS.isdisjoint(request.environ):
        return "calls through a proxy are not served"
    return "" if is_loopback(host_name(request.host)) else "Host: expected localhost, 127.0.0.1 or [::1]"


def cds_clients() -> None:
    """CDS clients that prove who they are with a signed token (CH-183); `the_caller` is then who they are.

    The dev profile also serves programs on this machine without a token; a token that comes is checked if any client
    is configured.
    """
    application = current_app.extensions[EXTENSION]
    authorization = request.headers.get("Authorization")
    if application.settings.is_dev:
        loopback_callers()
        if application.gate is None or authorization is None:
            g.caller = local_caller("loopback")
            return
    if application.gate is None:
        raise NotTrusted("no client is configured")
    presented = Presented(authorization, request.path.removesuffix("/"), lambda: request.get_data(cache=True))
    g.caller = application.gate.admit(presented, application.clock().timestamp())


def the_caller() -> Caller:
    """Who calls a route that is open to `cds_clients`."""
    caller: Caller = g.caller
    return caller


def operators() -> None:
    """Programs on this machine, and whoever shows the scrape token of the settings."""
    if why := why_no_operator():
        raise NotForYou(why)


def why_no_operator() -> str:
    """Why a caller may not know how the service is; empty if it may."""
    token = current_app.extensions[EXTENSION].settings.scrape_token
    shown = request.headers.get("Authorization", "")
    if token is not None and compare_digest(shown.encode(), f"Bearer {token}".encode()):
        return ""
    return why_not_local()


def anyone() -> None:
    """Everybody: nothing here is about patients, clients or the site."""


def serve_behind_guards(app: Flask, application: Application) -> None:
    """Let the guards of `app` know the application."""
    app.extensions[EXTENSION] = application


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
