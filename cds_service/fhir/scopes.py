"""What the granted SMART scopes let us ask, in the syntax of SMART v1 and v2 (CH-091, SMART digest section 9)."""

import re
from dataclasses import dataclass
from typing import Literal

SCOPE = re.compile(
    r"(?:patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]+)\.(?P<may>read|write|\*|(?=[cruds])c?r?u?d?s?)(?:\?(?P<only>\S+))?"
)
URI = "http://smarthealthit.org/fhir/scopes/"
V1 = {"read": "rs", "write": "cud", "*": "cruds"}

Interaction = Literal["r", "s"]
"""Read one resource by its id, or search, as v2 scopes write it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to ask. With `only`, just for resources with one of these search parameters (`category=...|laboratory`)."""

    only: tuple[str, ...] = ()


def granted(scope: str, resource_type: str, interaction: Interaction) -> Grant | None:
    """What the space-separated `scope` grants for one interaction; None for nothing. Scopes add up.

    What is not written in the grammar of SMART grants nothing.
    """
    only: set[str] = set()
    for word in scope.split():
        match = SCOPE.fullmatch(word.removeprefix(URI))
        if match is None or match["type"] not in ("*", resource_type):
            continue
        if interaction not in V1.get(match["may"], match["may"]):
            continue
        if match["only"] is None:
            return Grant()
        only.add(match["only"])
    return Grant(tuple(sorted(only))) if only else None
