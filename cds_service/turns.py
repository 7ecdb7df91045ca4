"""Calls of one process compute one after the other, in the order they came.

Python runs one thread at a time anyway. Calls that share the time all end late, and each waits for the others at every
step of its record; in turn, at half load, the slowest hundredth waits a quarter to a half less (`bench.latency`).
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, get_ident

SHORT_S = 0.003
"""A wait that is over sooner costs less than to lose the turn: a record is on a good disk by then."""


class Turns:
    """Whose turn it is. A thread that waits for a server or a disk steps aside and lets the others go on."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.owner: int | None = None
        self.waiting: deque[tuple[int, Lock]] = deque()

    def take(self) -> None:
        """Wait for those who came before; not twice."""
        self._take(in_front=False)

    def give(self) -> None:
        """Let the next go on. Nothing happens where it is not this thread's turn."""
        with self.lock:
            if self.owner != get_ident():
                return
            self.owner = None
            if self.waiting:
                self.owner, gate = self.waiting.popleft()
                gate.release()

    def wait(self, done: Callable[[float], bool], within: float) -> bool:
        """What `done`, which waits at most so many seconds, says within `within`; aside when it takes long."""
        if self.owner != get_ident():
            return done(within)
        if done(min(SHORT_S, within)):
            return True
        with self.aside():
            return done(max(0.0, within - SHORT_S))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let others go on meanwhile, and come before those who wait afterwards. Nothing happens where it is not this
        thread's turn."""
        if self.owner != get_ident():
            yield
            return
        self.give()
        try:
            yield
        finally:
            self._take(in_front=True)

    def _take(self, in_front: bool) -> None:
        gate = Lock()
        with self.lock:
            if self.owner is None:
                self.owner = get_ident()
                return
            gate.acquire()
            mine = (get_ident(), gate)
            if in_front:
                self.waiting.appendleft(mine)
            else:
                self.waiting.append(mine)
        gate.acquire()
