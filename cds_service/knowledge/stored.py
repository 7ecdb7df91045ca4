"""A release as bytes, and back: compiled rules, texts and tables, without the files they came from.

The bytes are JSON: a list of nodes, each a plain value or `[kind, place, place, ...]` over nodes before it. Equal parts
stand there once, so rules share their value sets again after reading. Nothing in the bytes can execute: a kind is one
of a closed list of value classes. The drug index is not in them, only its digest.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from enum import Enum
from typing import Any

import msgspec

from cds_service.chart.genes import Gene, Phenotype
from cds_service.errors import BadRelease
from cds_service.hooks.discovery import Service
from cds_service.knowledge.bundle import (
    Band,
    Bundle,
    Calibration,
    Comparator,
    Criterion,
    Development,
    IfMissing,
    ModelCard,
    ModelGovernance,
    ModelKind,
    Outcome,
    Predictor,
    RemoteModel,
    Unread,
)
from cds_service.knowledge.release import CardPolicy, Needs, OverrideReason, ProblemKind, Release, RuleIndex
from cds_service.knowledge.rules import (
    Audience,
    CardText,
    Evidence,
    Grade,
    Group,
    Indicator,
    Line,
    Listeners,
    Operator,
    Rule,
    Scope,
    Severity,
    Side,
    Status,
    ValueSet,
)
from cds_service.knowledge.suggestions import Orderable, Sig, Suggestion, Verb
from cds_service.knowledge.terms import (
    Categories,
    Factor,
    Function,
    Linear,
    Link,
    Product,
    Reported,
    Sum,
    Table,
    Table2,
    Term,
)
from cds_service.terminology.products import Route, Terminology

VALUES: Mapping[str, type] = {
    each.__name__: each
    for each in (
        *(Audience, CardText, Evidence, Grade, Group, Line, Listeners, Rule, Side, ValueSet),
        *(Orderable, Sig, Suggestion),
        *(CardPolicy, Needs, OverrideReason, ProblemKind, RuleIndex, Service),
        *(Bundle, Band, Calibration, Comparator, Criterion, Development, ModelCard, ModelGovernance, Outcome),
        *(Predictor, RemoteModel, Unread),
        *(Function, Sum, Term, Table, Table2, Categories, Linear, Product, Factor, Reported),
    )
}
STRUCTS: Mapping[str, type[msgspec.Struct]] = {each.__name__: each for each in (Gene, Phenotype)}
WORDS: Mapping[str, type[Enum]] = {
    each.__name__: each
    for each in (IfMissing, Indicator, Link, ModelKind, Operator, Scope, Severity, Status, Verb, Route)
}
NOT_STORED = "terminology"
SHAPES: Mapping[str, tuple[str, ...]] = {
    **{name: tuple(each.name for each in fields(kind)) for name, kind in VALUES.items()},
    **{name: kind.__struct_fields__ for name, kind in STRUCTS.items()},
    "Release": tuple(each.name for each in fields(Release) if each.name != NOT_STORED),
}
"""The fields of every class that is stored. Bytes written under other shapes are not read."""

Plain = str | int | float | None
Node = Plain | list[str | int]


class Stored(msgspec.Struct, frozen=True):
    """`digest` is sha256 over `content`, a `Content`; `terminology` is the digest of the drug index it goes with."""

    digest: str
    terminology: str
    content: msgspec.Raw


class Content(msgspec.Struct, frozen=True):
    """Everything before the last node is a part of it; the last is the release."""

    shapes: Mapping[str, tuple[str, ...]]
    nodes: list[Node]


class Writing:
    """The nodes of one release while they are collected."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.places: dict[tuple[object, ...], int] = {}
        self.seen: dict[int, int] = {}

    def place(self, value: object) -> int:
        """Where `value` stands among the nodes, after it was put there."""
        if type(value).__name__ not in SHAPES:
            return self.put(self.describe(value))
        if id(value) not in self.seen:  # a part of the release, which lives longer than this
            self.seen[id(value)] = self.put(self.describe(value))
        return self.seen[id(value)]

    def put(self, node: Node) -> int:
        """The place of a node; equal nodes have one."""
        key = tuple(node) if isinstance(node, list) else (type(node), node)
        if key not in self.places:
            self.places[key] = len(self.nodes)
            self.nodes.append(node)
        return self.places[key]

    def describe(self, value: object) -> Node:
        kind = type(value).__name__
        if kind in WORDS and isinstance(value, Enum):
            return [kind, self.place(value.value)]
        if kind in SHAPES:
            return [kind, *(self.place(getattr(value, name)) for name in SHAPES[kind])]
        match value:
            case bool():
                return ["bool", int(value)]
            case str() | int() | float() | None:
                return value
            case date():
                return ["date", self.place(value.isoformat())]
            case tuple():
                return ["tuple", *map(self.place, value)]
            case frozenset():
                return ["frozenset", *map(self.place, sorted(value))]
            case Mapping():
                return ["dict", *(self.place(part) for entry in value.items() for part in entry)]
        raise TypeError(f"a release cannot hold a {kind}")


def write_release(release: Release) -> bytes:
    """The release as bytes; equal releases give equal bytes."""
    writing = Writing()
    writing.place(release)
    content = msgspec.json.encode(Content(SHAPES, writing.nodes))
    digest = hashlib.sha256(content).hexdigest()
    return msgspec.json.encode(Stored(digest, release.terminology.digest, msgspec.Raw(content)))


def read_release(stored: bytes, terminology: Terminology) -> Release:
    """The release that was written. Raises `BadRelease` when these are not its bytes or do not go with this."""
    try:
        found = msgspec.json.decode(stored, type=Stored)
        if hashlib.sha256(found.content).hexdigest() != found.digest:
            raise BadRelease("was changed after it was written")
        content = msgspec.json.decode(found.content, type=Content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRelease("not a release file") from None
    if content.shapes != SHAPES:
        raise BadRelease("was written by another version of this service")
    if found.terminology != terminology.digest:
        raise BadRelease("was checked with another terminology index")
    return rebuild(content.nodes, terminology)


def read_versions(stored: bytes) -> Mapping[str, str]:
    """The version of each rule of a written release, by id, whatever version of this service wrote it.

    Raises `BadRelease` when these are no release's bytes.
    """
    try:
        content = msgspec.json.decode(msgspec.json.decode(stored, type=Stored).content, type=Content)
        id_place, version_place = (1 + content.shapes["Rule"].index(name) for name in ("id", "version"))
        rules = [node for node in content.nodes if isinstance(node, list) and node[0] == "Rule"]
        places = [(int(rule[id_place]), int(rule[version_place])) for rule in rules]
        return {str(content.nodes[id]): str(content.nodes[version]) for id, version in places}
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, ValueError):
        raise BadRelease("not a release file") from None


def rebuild(nodes: Iterable[Node], terminology: Terminology) -> Release:
    """The values of all nodes in order; the last one is the release."""
    made: list[Any] = []
    for node in nodes:
        if isinstance(node, list):
            kind, *places = node
            made.append(make(str(kind), places, made, terminology))
        else:
            made.append(node)
    release: Release = made[-1]
    return release


def make(kind: str, places: list[Any], made: list[Any], terminology: Terminology) -> object:
    """The value of one node from those before it."""
    if kind == "bool":
        return places == [1]
    parts = [made[place] for place in places]
    if kind in VALUES:
        return VALUES[kind](*parts)
    match kind:
        case "tuple":
            return tuple(parts)
        case "frozenset":
            return frozenset(parts)
        case "dict":
            return dict(zip(parts[::2], parts[1::2], strict=True))
        case "date":
            return date.fromisoformat(parts[0])
        case "Release":
            return Release(**dict(zip(SHAPES["Release"], parts, strict=True)), terminology=terminology)
    return (WORDS.get(kind) or STRUCTS[kind])(*parts)
