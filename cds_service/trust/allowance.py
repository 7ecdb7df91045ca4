"""How often a client may call.

Each call pays for a stretch of time, one minute / calls per minute long. A client may be ahead of the clock by its
burst; who is further ahead waits (the generic cell rate algorithm, ITU-T I.371: a token bucket in one number).
"""

from math import ceil

from sqlalchemy import Connection, Engine, bindparam, case, select, update

from cds_service.errors import TooManyCalls
from cds_service.trust.client import Client
from cds_service.trust.database import ALLOWANCES, insert_once

MINUTE_S = 60
ROUNDING_S = 0.001  # sums of prices are not exact
PAID_UNTIL = ALLOWANCES.c.paid_until
PAY = (
    update(ALLOWANCES)
    .where(ALLOWANCES.c.client == bindparam("name"), bindparam("latest") >= PAID_UNTIL)
    .values(paid_until=case((bindparam("now") < PAID_UNTIL, PAID_UNTIL), else_=bindparam("now")) + bindparam("price"))
)
FIND_PAID_UNTIL = select(PAID_UNTIL).where(ALLOWANCES.c.client == bindparam("name"))


class Allowances:
    """What is left of each client's rate, shared by all workers through `database`."""

    def __init__(self, database: Engine) -> None:
        self.open_account = insert_once(ALLOWANCES, database)

    def spend(self, connection: Connection, client: Client, now: float) -> None:
        """Pay for one call at `now` (epoch seconds). Raises `TooManyCalls`."""
        price = MINUTE_S / client.calls_per_minute
        ahead = price * (client.burst - 1) + ROUNDING_S
        bill = {"name": client.name, "now": now, "price": price, "latest": now + ahead}
        if connection.execute(PAY, bill).rowcount:
            return
        paid_until = connection.execute(FIND_PAID_UNTIL, bill).scalar()
        if paid_until is not None:
            raise TooManyCalls(client.name, max(1, ceil(paid_until - ahead - now)))
        connection.execute(self.open_account, {"client": client.name, "paid_until": now})
        connection.execute(PAY, bill)
