"""Who may come in: token, replay, rate, in that order."""

from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.trust.callers import Caller, Presented, name_tenant
from cds_service.trust.client import Client
from cds_service.trust.client_token import verify_token
from cds_service.trust.key_sources import KeySource
from cds_service.trust.ledger import Ledger

FEEDBACK = "/feedback"


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets trusted clients in. `base_url` is how clients reach us, from our settings and never from a `Host` header;
    `clients` are by issuer, `key_sources` by client name."""

    base_url: str
    clients: Mapping[str, Client]
    key_sources: Mapping[str, KeySource]
    ledger: Ledger

    def admit(self, presented: Presented, now: float) -> Caller:
        """The caller of one call at `now` (epoch seconds). Raises `NotTrusted` or `TooManyCalls`.

        The body is read only for a proven client. A token serves once, and a call that comes too often leaves its token
        as it was, so that it may be sent again.
        """
        proven = verify_token(
            presented.authorization, self._audiences(presented.path), now, self.clients, self.key_sources
        )
        same_call = proven.client.replay == "same-body"
        call = f"{presented.path}\n".encode() + (presented.read_body() if same_call else b"")
        self.ledger.enter(proven, call, now)
        return Caller(proven.client, name_tenant(proven.client, proven.tenant))

    def _audiences(self, path: str) -> tuple[str, ...]:
        """The URL of the endpoint. The standard leaves open what feedback is for: itself or its service (CH-173)."""
        url = f"{self.base_url}{path}"
        return (url, url.removesuffix(FEEDBACK)) if path.endswith(FEEDBACK) else (url,)
