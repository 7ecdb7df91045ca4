"""How often a client may call.

Each call pays for a stretch of time, one minute / calls per minute long. A client may be ahead of the clock by its
burst; who is further ahead waits (the generic cell rate algorithm, ITU-T I.371: a token bucket in one number).
"""

from contextlib import suppress
from math import ceil

from sqlalchemy import Engine, case, insert, select, update
from sqlalchemy.exc import IntegrityError

from cds_service.errors import TooManyCalls
from cds_service.trust.client import Client
from cds_service.trust.database import ALLOWANCES

MINUTE_S = 60
ROUNDING_S = 0.001  # sums of prices are not exact


class Allowances:
    """What is left of each client's rate, shared by all workers through `database`."""

    def __init__(self, database: Engine) -> None:
        self.database = database

    def spend(self, client: Client, now: float) -> None:
        """Pay for one call at `now` (epoch seconds). Raises `TooManyCalls`."""
        price = MINUTE_S / client.calls_per_minute
        ahead = price * (client.burst - 1) + ROUNDING_S
        paid_until = ALLOWANCES.c.paid_until
        pay = (
            update(ALLOWANCES)
            .where(ALLOWANCES.c.client == client.name, paid_until <= now + ahead)
            .values(paid_until=case((paid_until > now, paid_until), else_=now) + price)
        )
        with self.database.begin() as connection:
            paid = connection.execute(pay).rowcount
        if paid:
            return
        used = self._find_paid_until(client.name)
        if used is not None:
            raise TooManyCalls(client.name, max(1, ceil(used - ahead - now)))
        self._open_account(client, now)
        self.spend(client, now)

    def _find_paid_until(self, name: str) -> float | None:
        with self.database.connect() as connection:
            return connection.execute(select(ALLOWANCES.c.paid_until).where(ALLOWANCES.c.client == name)).scalar()

    def _open_account(self, client: Client, now: float) -> None:
        with suppress(IntegrityError), self.database.begin() as connection:  # another worker may have been quicker
            connection.execute(insert(ALLOWANCES), {"client": client.name, "paid_until": now})
