"""Each token serves once (CH-193)."""

from hashlib import sha256
from threading import Lock

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from cds_service.errors import NotTrusted
from cds_service.trust.client_token import Proven
from cds_service.trust.database import USED_TOKENS

SWEEP_EVERY_S = 60


class UsedTokens:
    """The tokens that were accepted and have not expired, shared by all workers through `database`."""

    def __init__(self, database: Engine) -> None:
        self.database = database
        self.swept_at = 0.0
        self.lock = Lock()

    def use(self, proven: Proven, call: bytes, now: float) -> None:
        """Use up the token of one call; `call` are the bytes that make it the same call again.

        A client in mode `same-body` may send the same call again with the same token, one in mode `off` any call.
        Raises `NotTrusted` when the token was used before.
        """
        client = proven.client
        if client.replay == "off":
            return
        self._sweep(now)
        jti, digest = sha256(proven.jti.encode()).hexdigest(), sha256(call).hexdigest()
        row = {
            "client": client.name,
            "jti_sha256": jti,
            "call_sha256": digest,
            "usable_until": proven.usable_until,
        }
        try:
            with self.database.begin() as connection:
                connection.execute(insert(USED_TOKENS), row)
        except IntegrityError:
            if client.replay == "strict" or self._find_call(client.name, jti) != digest:
                raise NotTrusted("the token was used before (jti)", client.name) from None

    def _find_call(self, client: str, jti: str) -> str | None:
        """The digest of the call the token was used for; None if it was swept meanwhile."""
        query = select(USED_TOKENS.c.call_sha256).where(USED_TOKENS.c.client == client, USED_TOKENS.c.jti_sha256 == jti)
        with self.database.connect() as connection:
            return connection.execute(query).scalar()

    def _sweep(self, now: float) -> None:
        """Forget tokens that expired: they are refused for that. Once a minute is enough."""
        with self.lock:
            if now - self.swept_at < SWEEP_EVERY_S:
                return
            self.swept_at = now
        with self.database.begin() as connection:
            connection.execute(delete(USED_TOKENS).where(USED_TOKENS.c.usable_until < now))
