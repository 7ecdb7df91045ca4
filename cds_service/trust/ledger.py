"""What callers have used up: their tokens, and their rate. All workers share it through a database.

While that database does not answer, calls are answered all the same, for a card that does not appear may harm a
patient: each worker then keeps in its own memory what it let in. A token still needs its signature, its audience and
its time; it may serve once more in each worker until the database is back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from cds_service.database import Questions
from cds_service.trust.allowance import Allowances
from cds_service.trust.client_token import Proven
from cds_service.trust.database import open_memory
from cds_service.trust.replay import UsedTokens

WITHIN_S = 0.1
"""How long a call waits for a server."""

Tell = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Book:
    """Used tokens and rates in one database."""

    database: Engine
    used_tokens: UsedTokens
    allowances: Allowances

    def enter(self, proven: Proven, call: bytes, now: float) -> None:
        """Use up the token of one call and pay for it, both or neither. Raises `NotTrusted` or `TooManyCalls`."""
        with self.database.begin() as connection:
            self.used_tokens.use(connection, proven, call, now)
            self.allowances.spend(connection, proven.client, now)


def book_in(database: Engine) -> Book:
    return Book(database, UsedTokens(database), Allowances(database))


class Ledger:
    """The book that all workers share, and one of this worker's own for when that cannot be reached.

    `away` is why the shared one is not used now, empty when it is; `tell` hears when that changes.
    """

    def __init__(self, shared: Engine, tell: Tell) -> None:
        self.shared = book_in(shared)
        self.questions = Questions(shared)
        self.tell = tell
        self.away = ""
        self.lock = Lock()
        self.own: Book | None = None

    def enter(self, proven: Proven, call: bytes, now: float) -> None:
        """As `Book.enter`, in the shared book if that answers."""
        try:
            self.questions.ask(lambda: self.shared.enter(proven, call, now), WITHIN_S)
        except (SQLAlchemyError, TimeoutError) as error:
            self._change(type(getattr(error, "orig", None) or error).__name__)
            self._own_book().enter(proven, call, now)
        else:
            self._change("")

    def _change(self, away: str) -> None:
        if bool(away) != bool(self.away):
            self.tell("tokens kept by each worker" if away else "tokens shared again", away)
        self.away = away

    def _own_book(self) -> Book:
        """Made when it is first needed: nothing of it may be carried over a fork."""
        with self.lock:
            if self.own is None:
                self.own = book_in(open_memory())
            return self.own
