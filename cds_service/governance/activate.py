"""What a running process does about releases: it looks once a second which is in force, and takes it between calls."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread

from cds_service.errors import BadRelease, CdsError
from cds_service.governance.arms import Arms, arms_of
from cds_service.governance.releases import is_genuine
from cds_service.knowledge.release import Release
from cds_service.store.releases import Activation, Releases
from cds_service.store.ring import Ring

LOOK_EVERY_S = 1.0

Tell = Callable[[str, str], None]


@dataclass(slots=True)
class InForce:
    """The arms that answer now. They are replaced whole: a call takes them once and keeps them.

    `arms` are what the data folders hold until an activation is found; `number` is that of the activation. `trouble`
    says why a newer one was not taken, empty when none was refused.
    """

    releases: Releases
    ring: Callable[[], Ring]
    load: Callable[[str], Release]
    tell: Tell
    arms: Arms
    number: int = 0
    trouble: str = ""
    ended: Event = field(default_factory=Event)
    thread: Thread | None = None

    def start(self) -> None:
        """Begin to look, once the process has forked."""
        self.thread = Thread(target=self._run, name="releases", daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.ended.set()
        if self.thread is not None:
            self.thread.join()

    def look(self) -> None:
        """Take what is in force. Raises `BadRelease` or `NoSuchRelease` for what this process cannot run."""
        last = self.releases.last()
        if last is not None and last.number != self.number:
            self._take(last)

    def _take(self, activation: Activation) -> None:
        if not is_genuine(self.releases, self.ring(), activation):
            raise BadRelease(f"activation {activation.number} was not signed with a key of this ring, or was changed")
        candidate = self.load(activation.candidate) if activation.candidate else None
        self.arms = arms_of(self.load(activation.control), candidate, activation.percent, activation.salt)
        self.number = activation.number
        self.tell("release in force", activation.control[:12])

    def _run(self) -> None:
        while not self.ended.wait(LOOK_EVERY_S):
            try:
                self.look()
                self.trouble = ""
            except Exception as error:  # the thread lives on: what answers now goes on answering
                self._note(str(error) if isinstance(error, CdsError) else type(error).__name__)

    def _note(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.tell("release not taken", trouble)
        self.trouble = trouble
