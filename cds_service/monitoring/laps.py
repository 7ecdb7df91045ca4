"""How long the stages of a call take."""

from collections.abc import Callable


class Laps:
    """How long each stage of one call took, in seconds: a stage ends where the next begins."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.began = self.last = clock()
        self.stages: dict[str, float] = {}

    def end(self, stage: str) -> None:
        """What happened since the stage before was this one."""
        now = self.clock()
        self.stages[stage] = now - self.last
        self.last = now
