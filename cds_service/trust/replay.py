"""Each token serves once (CH-193)."""

from hashlib import sha256
from threading import Lock

from sqlalchemy import Connection, Engine, bindparam, delete, select

from cds_service.errors import NotTrusted
from cds_service.trust.client_token import Proven
from cds_service.trust.database import USED_TOKENS, insert_once

SWEEP_EVERY_S = 60
FIND_CALL = select(USED_TOKENS.c.call_sha256).where(
    USED_TOKENS.c.client == bindparam("client"), USED_TOKENS.c.jti_sha256 == bindparam("jti_sha256")
)
FORGET = delete(USED_TOKENS).where(USED_TOKENS.c.usable_until < bindparam("now"))


class UsedTokens:
    """The tokens that were accepted and have not expired, shared by all workers through `database`."""

    def __init__(self, database: Engine) -> None:
        self.remember = insert_once(USED_TOKENS, database)
        self.swept_at = 0.0
        self.lock = Lock()

    def use(self, connection: Connection, proven: Proven, call: bytes, now: float) -> None:
        """Use up the token of one call; `call` are the bytes that make it the same call again.

        A client in mode `same-body` may send the same call again with the same token, one in mode `off` any call.
        Raises `NotTrusted` when the token was used before.
        """
        client = proven.client
        if client.replay == "off":
            return
        self._sweep(connection, now)
        row = {
            "client": client.name,
            "jti_sha256": sha256(proven.jti.encode()).hexdigest(),
            "call_sha256": sha256(call).hexdigest(),
            "usable_until": proven.usable_until,
        }
        if connection.execute(self.remember, row).first() is not None:
            return
        if client.replay == "strict" or connection.execute(FIND_CALL, row).scalar() != row["call_sha256"]:
            raise NotTrusted("the token was used before (jti)", client.name)

    def _sweep(self, connection: Connection, now: float) -> None:
        """Forget tokens that expired: they are refused for that. Once a minute is enough."""
        with self.lock:
            if now - self.swept_at < SWEEP_EVERY_S:
                return
            self.swept_at = now
        connection.execute(FORGET, {"now": now})
