"""Where the keys of a client come from: its entry, or the address of its key set (CH-192, CH-197)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Protocol

from cds_service.errors import CdsError, NotTrusted
from cds_service.trust.client import Client
from cds_service.trust.key_set import KeySet, PublicKey, decode_key_set, read_key_set

FRESH_S = 600
COOL_DOWN_S = 30
KEPT_S = 3600
NEVER = float("-inf")


class KeySource(Protocol):
    """Gives the one key called `kid`, or raises `NotTrusted`."""

    def find(self, kid: str) -> PublicKey: ...


@dataclass(frozen=True, slots=True)
class Enclosed:
    """Keys written in the client's entry."""

    known: KeySet

    def find(self, kid: str) -> PublicKey:
        return pick(self.known, kid)


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of a remote key set: its keys, when they were read, and what went wrong since."""

    known: KeySet = field(default_factory=KeySet)
    read_at: float = NEVER
    trouble: str = "not fetched yet"


class Published:
    """A key set behind an address, kept for all threads of the process.

    It is fetched when it is older than ten minutes or a `kid` is not in it, but never twice within half a minute, so
    that a flood of unknown `kid`s costs the client nothing. When it cannot be fetched, the keys last read count for an
    hour. `fetch` gives the body behind an address or raises a `CdsError`; `clock` gives seconds that never run back.
    """

    def __init__(
        self, url: str, accept_published: bool, fetch: Callable[[str], bytes], clock: Callable[[], float]
    ) -> None:
        self.url = url
        self.accept_published = accept_published
        self.fetch = fetch
        self.clock = clock
        self.held = Held()
        self.tried_at = NEVER
        self.lock = Lock()

    def find(self, kid: str) -> PublicKey:
        if not self._serves(kid):
            with self.lock:  # whoever waited here finds what the first one fetched
                if not self._serves(kid) and self.clock() - self.tried_at >= COOL_DOWN_S:
                    self._read()
        held = self.held
        if self.clock() - held.read_at > KEPT_S:
            raise NotTrusted(f"key set {self.url}: {held.trouble}")
        return pick(held.known, kid)

    def _serves(self, kid: str) -> bool:
        return self.clock() - self.held.read_at <= FRESH_S and kid in self.held.known.keys

    def _read(self) -> None:
        self.tried_at = self.clock()
        try:
            self.held = Held(decode_key_set(self.fetch(self.url), self.accept_published), self.tried_at, "")
        except CdsError as error:
            self.held = replace(self.held, trouble=str(error))


def pick(known: KeySet, kid: str) -> PublicKey:
    if kid not in known.keys:
        ignored = f"; not used: {'; '.join(known.ignored)}" if known.ignored else ""
        raise NotTrusted(f"kid {kid[:100]!r} is not in the key set{ignored}")
    return known.keys[kid]


def open_key_sources(
    clients: Iterable[Client], fetch: Callable[[str], bytes], clock: Callable[[], float]
) -> Mapping[str, KeySource]:
    """The key source of each client by its name. Nothing is fetched before the first token."""
    return {client.name: open_key_source(client, fetch, clock) for client in clients}


def open_key_source(client: Client, fetch: Callable[[str], bytes], clock: Callable[[], float]) -> KeySource:
    if client.keys or client.key_set is None:
        return Enclosed(read_key_set({"keys": list(client.keys)}, client.accept_published_keys))
    return Published(client.key_set, client.accept_published_keys, fetch, clock)
