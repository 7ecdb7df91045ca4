"""Which risk models really run at a site, and why where that is not what their own file says."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Status
from cds_service.knowledge.switches import FILE, STATUSES

UNREVIEWED = "not yet reviewed by a clinician, and nobody answers for that here (accept_unreviewed)"


class ModelHere(NamedTuple):
    """A model as its file has it, how it runs here ("active", "silent", "off", "draft"), and why if otherwise."""

    written: Bundle
    here: str
    why: str = ""


def models_here(written: Iterable[Bundle], in_force: Release, switches: Mapping[str, Any]) -> tuple[ModelHere, ...]:
    """Every model of the folders beside the release that answers; `switches` is the site's file of them."""
    running = {bundle.id: bundle for bundle in in_force.models}
    return tuple(
        say_model(each, running.get(each.id), in_force.models_off.get(each.id), switches.get(each.id, {}))
        for each in written
    )


def say_model(written: Bundle, running: Bundle | None, off: str | None, switch: Mapping[str, Any]) -> ModelHere:
    """How one model runs; `off` is why it was switched off, by the site or by its own drift."""
    if off is not None:
        return ModelHere(written, "off", f"{off}; its rule speaks" if written.card.rule else off)
    if running is None:
        return ModelHere(written, "not there", "the release in force was made without it")
    if running.status is written.status:
        return ModelHere(written, running.status.value)
    return ModelHere(written, running.status.value, why_otherwise(written, running, switch))


def why_otherwise(written: Bundle, running: Bundle, switch: Mapping[str, Any]) -> str:
    """What made a model run otherwise than its file says."""
    if STATUSES.get(switch.get("status", "")) is running.status:
        return f"{FILE}: {switch.get('reason', '')} ({switch.get('by', '')})"
    if running.status is Status.SILENT and not written.governance.reviewer:
        return UNREVIEWED
    return f"version {running.version} of the release in force has it so"
