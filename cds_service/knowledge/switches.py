"""What a site changes of risk models: which run, which are only recorded, which are off, and where remote ones are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from cds_service.knowledge.bundle import Bundle, ModelKind, RemoteModel
from cds_service.knowledge.page import Page, name_list, suggest
from cds_service.knowledge.rules import Status
from cds_service.knowledge.sources import Document

FILE = "config/models.toml"
STATUSES = {"active": Status.ACTIVE, "silent": Status.SILENT, "off": Status.RETIRED}


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of the file, under the model's id."""

    reason: str
    by: str
    status: str = ""
    url: str = ""
    name: str = ""
    within_ms: int = 100


@dataclass(frozen=True, slots=True)
class Switched:
    """The models as the site runs them, why some are off, and where the remote ones are, by id."""

    models: tuple[Bundle, ...]
    off: Mapping[str, str]
    remote: Mapping[str, RemoteModel]


def switch_models(page: Page, document: Document, bundles: tuple[Bundle, ...]) -> Switched:
    """The models with the site's changes. A change that names its reason or author badly is noted and left out."""
    switches = read_switches(page, document, {bundle.id: bundle for bundle in bundles})
    models = tuple(
        replace(each, status=STATUSES[switches[each.id].status])
        if each.id in switches and switches[each.id].status
        else each
        for each in bundles
    )
    return Switched(
        models,
        {id: switch.reason for id, switch in switches.items() if switch.status == "off"},
        {id: RemoteModel(each.url, each.name or id, each.within_ms) for id, each in switches.items() if each.url},
    )


def read_switches(page: Page, document: Document, bundles: Mapping[str, Bundle]) -> dict[str, Switch]:
    found = {}
    for id, table in document.items():
        if id not in bundles:
            page.note(id, f"there is no model {id!r}{suggest(id, bundles)}")
            continue
        try:
            switch = msgspec.convert(table, Switch)
        except msgspec.ValidationError as error:
            page.note(id, str(error))
            continue
        for problem in find_problems(switch, bundles[id]):
            page.note(id, problem)
        found[id] = switch
    return {id: switch for id, switch in found.items() if switch.status in ("", *STATUSES)}


def find_problems(switch: Switch, bundle: Bundle) -> list[str]:
    problems = []
    if switch.status and switch.status not in STATUSES:
        problems.append(f"status: found {switch.status!r}, expected {name_list(map(repr, STATUSES))}")
    if not switch.reason.strip() or not switch.by.strip():
        problems.append("a change of a model has a reason, and who made it in 'by'")
    if switch.url and bundle.kind is not ModelKind.REMOTE:
        problems.append("url: only a remote model is asked over the network")
    if switch.url and not switch.url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        problems.append(f"url: found {switch.url!r}, expected https, or http on this machine")
    if not 1 <= switch.within_ms <= 1000:
        problems.append(f"within_ms: found {switch.within_ms}, expected 1 to 1000")
    return problems
