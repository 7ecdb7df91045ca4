"""What a worker does once a minute beside the calls: new keys, a checkpoint, and what is too old."""

from collections.abc import Callable
from threading import Event, Thread

from sqlalchemy import Engine

from cds_service.store.anchors import Anchor
from cds_service.store.checkpoints import deliver, make_checkpoint
from cds_service.store.retention import DAY_S, remove_older
from cds_service.store.ring import Ring
from cds_service.store.writing import Tell

EVERY_S = 60.0


class Upkeep:
    """Looks after the store of one process. `trouble` names the step that went wrong the last time and the kind
    of error, empty when none did."""

    def __init__(
        self,
        database: Engine,
        renew_ring: Callable[[], Ring],
        anchor: Anchor | None,
        keep_days: int | None,
        clock: Callable[[], float],
        tell: Tell,
        every: float = EVERY_S,
    ) -> None:
        self.database = database
        self.renew_ring = renew_ring
        self.anchor = anchor
        self.keep_days = keep_days
        self.clock = clock
        self.tell = tell
        self.every = every
        self.trouble = ""
        self.ended = Event()
        self.thread = Thread(target=self._run, name="upkeep", daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Stop; `round` makes the last checkpoint after the last record was written."""
        self.ended.set()
        self.thread.join()

    def round(self) -> None:
        """One round. What goes wrong is told and tried again in the next."""
        step = "checkpoint"
        try:
            make_checkpoint(self.database, self.renew_ring(), self.clock())
            if self.anchor is not None:
                step = "anchor"
                deliver(self.database, self.anchor)
            if self.keep_days is not None:
                step = "retention"
                remove_older(self.database, self.clock() - self.keep_days * DAY_S)
        except Exception as error:  # the thread lives on: a failed checkpoint must not end all later ones
            cause = getattr(error, "orig", None) or error
            self.trouble = f"{step}: {type(cause).__name__}"
            self.tell("upkeep failed", self.trouble)
        else:
            self.trouble = ""

    def _run(self) -> None:
        while not self.ended.wait(self.every):
            self.round()
