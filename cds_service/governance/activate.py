"""What a running process does about releases: it looks once a second which is in force, and takes it between calls.

On the day after the last day of a change, it goes on without that change.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Thread

from cds_service.errors import BadRelease, CdsError
from cds_service.governance.arms import Arms, arms_of
from cds_service.governance.releases import is_genuine, keep_in_place_of
from cds_service.knowledge.release import Release
from cds_service.store.releases import Activation, Releases
from cds_service.store.ring import Ring

LOOK_EVERY_S = 1.0

Tell = Callable[[str, str], None]


def describe_arms(arms: Arms) -> str:
    """Which releases answer whom, by the first digits of their digests."""
    control = arms.control.digest[:12]
    if arms.candidate is None:
        return control
    return f"{control}, beside it {arms.candidate.digest[:12]} for {arms.percent} % of the patients"


@dataclass(slots=True)
class InForce:
    """The arms that answer now. They are replaced whole: a call takes them once and keeps them.

    `arms` are what the data folders hold until an activation is found; `number` is that of the activation. `clock`
    gives the time of the site, whose date decides which changes have ended. `trouble` says why a newer release was not
    taken, empty when none was refused.
    """

    releases: Releases
    ring: Callable[[], Ring]
    load: Callable[[str], Release]
    clock: Callable[[], datetime]
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
        """Take what is in force today. Raises `BadRelease` or `NoSuchRelease` for what this process cannot run."""
        last = self.releases.last()
        number = 0 if last is None else last.number
        if number < self.number:
            raise BadRelease(f"activation {self.number} was put in force and is not in the log any more")
        is_new = last is not None and number != self.number
        put = self._open(last) if last is not None and is_new else self.arms
        arms = put.on(self.clock().date())
        if arms is self.arms:
            return
        self._keep((put.control.digest,) if last is None else last.digests, arms)
        self.arms = arms
        self.number = number
        self.tell("release in force", describe_arms(arms))

    def _open(self, activation: Activation) -> Arms:
        if not is_genuine(self.releases, self.ring(), activation):
            raise BadRelease(f"activation {activation.number} was not signed with a key of this ring, or was changed")
        candidate = self.load(activation.candidate) if activation.candidate else None
        return arms_of(self.load(activation.control), candidate, activation.percent, activation.salt)

    def _keep(self, named: tuple[str, ...], arms: Arms) -> None:
        """Keep what answers in the place of these releases, so that its decisions can be replayed."""
        now = self.clock()
        for digest, answering in zip(named, arms.releases, strict=True):
            if digest != answering.digest and not self.releases.has(answering.digest):
                keep_in_place_of(self.releases, self.ring(), digest, self.load(digest).on(now.date()), now)

    def _run(self) -> None:
        while not self.ended.wait(LOOK_EVERY_S):
            try:
                self.look()
                self.trouble = ""
            except Exception as error:  # the thread lives on: what answers now goes on answering
                self._note(str(error) if isinstance(error, CdsError) else type(error).__name__)

    def _note(self, trouble: str) -> None:
        is_new = trouble != self.trouble
        self.trouble = trouble  # before anybody hears of it and looks here
        if is_new:
            self.tell("release not taken", trouble)
