"""What one call fetched serves the next: order-sign follows order-select within seconds and asks the same."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import NamedTuple

from cds_service.fhir.received import KeyResult

LONGEST_S = 60
MOST_RESOURCES = 20_000


class Place(NamedTuple):
    """Whose answer it is. A call that differs in any of these gets none of it; the token is kept as its digest."""

    client: str
    tenant: str
    patient: str
    token_digest: str
    base: str
    query: str


@dataclass(frozen=True, slots=True)
class Kept:
    result: KeyResult
    until: float

    @property
    def size(self) -> int:
        return len(self.result.resources) + 1


def digest_token(token: str) -> str:
    return sha256(token.encode()).hexdigest()


class RunAhead:
    """Whole answers in the memory of this process, for at most a minute and at most `most_resources` resources.

    Used longest ago goes first. `clock` gives seconds that never run back.
    """

    def __init__(self, clock: Callable[[], float], most_resources: int = MOST_RESOURCES) -> None:
        self.clock = clock
        self.most_resources = most_resources
        self.kept: OrderedDict[Place, Kept] = OrderedDict()
        self.size = 0
        self.lock = Lock()

    def find(self, place: Place) -> KeyResult | None:
        """The answer kept for exactly this place, if it is still good."""
        with self.lock:
            kept = self.kept.get(place)
            if kept is None or kept.until <= self.clock():
                return None
            self.kept.move_to_end(place)
            return kept.result

    def keep(self, place: Place, result: KeyResult, seconds: float) -> None:
        """Keep a whole answer, no longer than its token is good for; anything else is asked for again."""
        if not result.complete:
            return
        now = self.clock()
        with self.lock:
            self._drop(place)
            for old in [old for old, kept in self.kept.items() if kept.until <= now]:
                self._drop(old)
            kept = self.kept[place] = Kept(result, now + min(seconds, LONGEST_S))
            self.size += kept.size
            while self.size > self.most_resources:
                self._drop(next(iter(self.kept)))

    def _drop(self, place: Place) -> None:
        kept = self.kept.pop(place, None)
        self.size -= kept.size if kept else 0
