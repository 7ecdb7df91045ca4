"""The shipped release with models switched, or with one more that another server computes."""

from dataclasses import replace
from typing import Any

from cds_service.knowledge.bundle import Band, Bundle, Development, ModelCard, ModelGovernance, ModelKind, Outcome
from cds_service.knowledge.page import Page
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Indicator, Status
from cds_service.knowledge.switches import FILE, switch_models

BY = {"reason": "summer stays", "by": "A. Officer"}


def switched(release: Release, **switches: dict[str, Any]) -> Release:
    """`switched(release, readmission_30d={"status": "off"})`; every change has the same reason and author."""
    page = Page(FILE)
    document = {id.replace("_", "-"): {**BY, **switch} for id, switch in switches.items()}
    result = switch_models(page, document, release.models)
    assert page.problems == []
    return replace(release, models=result.models, models_off=result.off, remote_models=result.remote)


def remote_model(release: Release) -> Bundle:
    """The readmission model's inputs, computed elsewhere; the same plain rule speaks in its place."""
    readmission = next(each for each in release.models if each.id == "readmission-30d")
    return Bundle(
        id="remote-30d",
        version="1.0.0",
        title="Readmission (computed elsewhere)",
        kind=ModelKind.REMOTE,
        status=Status.ACTIVE,
        hooks=("encounter-discharge",),
        problem="",
        outcomes=(Outcome("readmission", "readmission within 30 days", "P30D"),),
        predictors=readmission.predictors,
        functions={},
        bands=(
            Band("low", None, 0.1, None, "invented for the test"),
            Band("raised", 0.1, None, Indicator.INFO, "invented for the test"),
        ),
        governance=ModelGovernance("test authors"),
        development=Development(n=1000, events=100),
        card=ModelCard(summary="About {{ result }} come back", rule="readmission-earlier-stays"),
    )


def with_remote(release: Release, url: str, within_ms: int = 200) -> Release:
    """The release in which the remote model has taken the place of the shipped one."""
    models = (*(each for each in release.models if each.id != "readmission-30d"), remote_model(release))
    place = {"url": url, "name": "readmission", "within_ms": within_ms}
    return switched(replace(release, models=models), remote_30d=place)
