"""Cards and responses exactly as they go over the wire (CH-100..154). Absent members are omitted (CH-003, CH-004)."""

from typing import Any

import msgspec


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of outgoing messages: camelCase, defaults omitted."""


class Coding(Wire, frozen=True):
    code: str
    system: str
    display: str | None = None


class CardSource(Wire, frozen=True):
    label: str
    url: str | None = None
    icon: str | None = None
    topic: Coding | None = None


class Action(Wire, frozen=True):
    type: str
    description: str
    resource: msgspec.Raw | None = None
    resource_id: str | None = None


class Suggestion(Wire, frozen=True):
    label: str
    uuid: str
    is_recommended: bool | None = None
    actions: tuple[Action, ...] = ()


class Link(Wire, frozen=True):
    label: str
    url: str
    type: str
    app_context: str | None = None


class Card(Wire, frozen=True):
    """One card. `indicator` is info, warning or critical; `summary` is under 140 characters."""

    uuid: str
    summary: str
    indicator: str
    source: CardSource
    detail: str | None = None
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: str | None = None
    override_reasons: tuple[Coding, ...] = ()
    links: tuple[Link, ...] = ()
    extension: dict[str, Any] | None = None


class HookResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`cards` is always present, also when empty (CH-101). `extension` carries the trace if asked for."""

    cards: tuple[Card, ...]
    extension: dict[str, Any] | None = None

    def encode(self) -> bytes:
        """The body, with stable member order."""
        return msgspec.json.encode(self)
