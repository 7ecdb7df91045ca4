"""From a prefetch template to the query that is sent to the FHIR server: ids filled in, within the granted scopes."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from cds_service.fhir.scopes import Interaction, granted
from cds_service.hooks.contexts import Context

TOKEN = re.compile(r"\{\{([^}]*)\}\}")


@dataclass(frozen=True, slots=True)
class Query:
    """One read or search. `path` is relative to the FHIR base.

    `narrowed` says that the scopes grant only a part of what was asked for, so the answer proves no absence (SM-077).
    """

    path: str
    resource_type: str
    narrowed: bool = False

    @property
    def is_search(self) -> bool:
        return "?" in self.path


def resolve(template: str, context: Context) -> Query | None:
    """The query of a template, or None when the context lacks a value for one of its tokens (CH-083)."""
    values = {"context.patientId": context.patient_id, "context.encounterId": context.encounter_id}
    names = TOKEN.findall(template)
    if any(not is_id(values.get(name)) for name in names):
        return None
    path = TOKEN.sub(lambda match: quote(values[match[1]] or "", safe=""), template)
    return Query(path, re.split(r"[/?]", path, maxsplit=1)[0])


def is_id(value: str | None) -> bool:
    """Whether this can stand in a path: `.` and `..` would climb out of it."""
    return bool(value) and value not in (".", "..")


def within_scopes(query: Query, scope: str) -> Query | None:
    """The query as far as `scope` grants it; None when it grants nothing of it (CH-091).

    A scope for a part of the resources (`?category=`) narrows a search to that part.
    """
    interaction: Interaction = "s" if query.is_search else "r"
    grant = granted(scope, query.resource_type, interaction)
    if grant is None or not grant.only:
        return query if grant else None
    if not query.is_search:
        return query
    return Query(f"{query.path}{narrowing(grant.only)}", query.resource_type, narrowed=True)


def narrowing(only: tuple[str, ...]) -> str:
    """Search parameters for any one of these: the values of a common parameter joined by commas.

    Scopes with several parameters, or with different ones, cannot be joined in one search: the server narrows then.
    """
    pairs = [parse_qsl(parameters) for parameters in only]
    names = {pair[0][0] for pair in pairs if len(pair) == 1}
    if len(names) != 1 or any(len(pair) != 1 for pair in pairs):
        return ""
    return f"&{names.pop()}={','.join(quote(pair[0][1], safe=':/') for pair in pairs)}"
