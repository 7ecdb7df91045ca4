"""Every route names who may call it."""

from flask import Flask

from cds_service.web.guards import anyone, cds_clients, loopback_callers, operators


def test_every_route_names_who_may_call_it(flask_app: Flask) -> None:
    guards = {rule.rule: flask_app.view_functions[rule.endpoint] for rule in flask_app.url_map.iter_rules()}
    assert {route for route, view in guards.items() if not hasattr(view, "open_to")} == set()


def test_the_routes_and_their_callers_are_these(flask_app: Flask) -> None:
    """A new route changes this list on purpose."""
    callers = {rule.rule: flask_app.view_functions[rule.endpoint].open_to for rule in flask_app.url_map.iter_rules()}  # type: ignore[attr-defined]
    assert callers == {
        "/.well-known/jwks.json": anyone,
        "/cds-services": cds_clients,
        "/cds-services/<service_id>": cds_clients,
        "/cds-services/<service_id>/feedback": cds_clients,
        "/console/": loopback_callers,
        "/console/drugs": loopback_callers,
        "/console/patients/<patient_id>": loopback_callers,
        "/console/patients/<patient_id>/prefetch/<service_id>": loopback_callers,
        "/console/reading": loopback_callers,
        "/console/request": loopback_callers,
        "/console/static/<path:name>": loopback_callers,
        "/health": anyone,
        "/knowledge/<id>": anyone,
        "/metrics": operators,
        "/ready": anyone,
    }
