"""Bundles as they arrive: of any type or none, paged, with included resources, outcomes and odd entries (CH-078..080).

`read_uniform` decodes the ordinary case in one pass; `read_by_entry` takes everything else apart entry by entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar
from urllib.parse import unquote_plus

import msgspec

from cds_service.fhir.kinds import READ
from cds_service.fhir.lenient import OBJECT, UNREADABLE_JSON, Json, decode_resource, items_of, member, type_of
from cds_service.fhir.outcomes import reason_of
from cds_service.fhir.received import KeyResult, Reason, Unreadable
from cds_service.fhir.resources import OtherResource, Part, Resource
from cds_service.fhir.versions import MOVES, refuse_dstu2

T = TypeVar("T")

WORST_FIRST = (Reason.REFUSED, Reason.TIMED_OUT, Reason.MALFORMED, Reason.TRUNCATED)


class Link(Part, frozen=True):
    relation: str | None = None
    url: str | None = None


class Search(Part, frozen=True):
    mode: str | None = None


class Entry(msgspec.Struct, Generic[T], frozen=True, gc=False, rename="camel"):
    full_url: str | None = None
    resource: T | None = None
    search: Search | None = None


class Bundle(msgspec.Struct, Generic[T], frozen=True, gc=False, rename="camel"):
    resource_type: str = ""
    total: int | None = None
    link: tuple[Link, ...] = ()
    entry: tuple[Entry[T], ...] = ()


@dataclass
class Reading:
    """A Bundle while it is being read.

    `matches` counts the entries that `Bundle.total` counts, `unrelated` those that are not what was searched for.
    """

    resources: list[Resource] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    reasons: set[Reason] = field(default_factory=set)
    urls: dict[str, str] = field(default_factory=dict)
    matches: int = 0
    unrelated: int = 0

    def result(self, links: tuple[Link, ...], total: int | None) -> KeyResult:
        """The reading as a value. An unreadable item or a missing page means that the list is not whole."""
        if self.unreadable:
            self.reasons.add(Reason.MALFORMED)
        if (total or 0) > self.matches or (links and any(link.relation == "next" for link in links)):
            self.reasons.add(Reason.TRUNCATED)
        return KeyResult(
            resources=tuple(self.resources),
            unreadable=tuple(self.unreadable),
            complete=not self.reasons,
            reason=min(self.reasons, key=WORST_FIRST.index) if self.reasons else None,
            requested_codes=requested_codes(links) if links else None,
            urls=self.urls,
        )


@cache
def decoder(kind: type[Resource]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(Bundle[kind])  # type: ignore[valid-type]


def read_uniform(raw: Json, resource_type: str) -> KeyResult | None:
    """A Bundle of this one resource type, every entry of it as it should be; None if it is anything else."""
    kind = READ.get(resource_type)
    if kind is None:
        return None
    try:
        bundle = decoder(kind).decode(raw)
    except UNREADABLE_JSON:
        return None
    if bundle.resource_type != "Bundle":
        return None
    move = MOVES.get(kind)
    reading = Reading()
    for entry in bundle.entry:
        resource = entry.resource
        if resource is None or resource.resource_type != resource_type:
            return None
        if move is not None:
            resource = move(resource)
        if entry.full_url is not None and entry.full_url.startswith("urn:"):
            resource = name_by_url(resource, entry.full_url, reading.urls)
        if entry.search is None or entry.search.mode != "include":
            reading.matches += 1
        reading.resources.append(resource)
    return reading.result(bundle.link, bundle.total)


def name_by_url(resource: Resource, full_url: str, urls: dict[str, str]) -> Resource:
    """Note what a `urn:` full URL stands for. A resource without id takes the one in its URL."""
    if resource.id is None:
        resource = msgspec.structs.replace(resource, id=full_url.rpartition(":")[2])
    urls[full_url] = f"{resource.resource_type}/{resource.id}"
    return resource


def read_by_entry(members: Mapping[str, msgspec.Raw], resource_type: str) -> KeyResult:
    """Any Bundle, given as the members of its JSON. `resource_type` is what was searched for.

    Raises `NothingToWorkWith` when it holds orders of FHIR DSTU2.
    """
    reading = Reading()
    for position, raw in enumerate(items_of(members.get("entry")), start=1):
        read_entry(raw, f"entry {position}", resource_type, reading)
    if reading.unrelated and not reading.matches:
        reading.reasons.add(Reason.MALFORMED)  # something was sent, and none of it is what was searched for
    return reading.result(member(members, "link", tuple[Link, ...]) or (), member(members, "total", int))


def read_entry(raw: msgspec.Raw, place: str, wanted: str, reading: Reading) -> None:
    """One entry into the reading."""
    try:
        entry = OBJECT.decode(raw)
    except UNREADABLE_JSON:
        entry = {}
    search = member(entry, "search", Search)
    mode = search.mode if search else None
    read = read_resource(entry.get("resource", b"{}"), place, wanted if mode == "match" else "")
    if isinstance(read, Reason):
        reading.reasons.add(read)
    elif isinstance(read, Unreadable):
        reading.unreadable.append(read)
        reading.matches += 1
    elif read is not None:
        full_url = member(entry, "fullUrl", str) or ""
        if not isinstance(read, OtherResource):
            reading.resources.append(name_by_url(read, full_url, reading.urls) if full_url.startswith("urn:") else read)
        if wanted not in ("", read.resource_type):
            reading.unrelated += 1
        elif mode != "include":
            reading.matches += 1


def read_resource(raw: Json, place: str, wanted: str = "") -> Resource | Unreadable | Reason | None:
    """One resource, or what could not be read, or the reason that an OperationOutcome gives, None if it only informs.

    With `wanted`, a resource of another type is unreadable: a server marked it as what was searched for.
    """
    try:
        members = OBJECT.decode(raw)
        resource_type = type_of(members)
        if resource_type == "OperationOutcome":
            return reason_of(raw)
        refuse_dstu2(resource_type)
        if not resource_type or (wanted and resource_type != wanted):
            return Unreadable(resource_type, place, f"not of type {wanted}" if wanted else "without resourceType")
        kind = READ.get(resource_type, OtherResource)
        resource = decode_resource(raw, kind)
    except UNREADABLE_JSON:
        return Unreadable("", place, "not a FHIR resource")
    return MOVES[kind](resource) if kind in MOVES else resource


def requested_codes(links: tuple[Link, ...]) -> frozenset[str] | None:
    """The `code` parameter of the self link, as `system|code`: what the server was really asked for."""
    own = next((link.url for link in links if link.relation == "self" and link.url), "")
    values = [part[5:] for part in own.partition("?")[2].split("&") if part.startswith("code=")]
    if not values:
        return None
    return frozenset(code for value in values for code in unquote_plus(value).split(",") if code)
