"""What a caller shows, and a caller who may be answered."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cds_service.trust.client import Client


@dataclass(frozen=True, slots=True)
class Presented:
    """What a call shows: its `Authorization`, the path of the endpoint below our public URL, and how to read its body.

    Two `Authorization` headers are one text joined by a comma, as WSGI has it.
    """

    authorization: str | None
    path: str
    read_body: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Caller:
    """A client and the tenant it calls for. `tenant` is part of every key, record and metric of a call."""

    client: Client
    tenant: str


def name_tenant(client: Client, tenant: str | None) -> str:
    """`client` or `client/tenant`: no client name holds a slash, so no two pairs give the same name."""
    return client.name if tenant is None else f"{client.name}/{tenant}"


@lru_cache(maxsize=8)
def local_caller(name: str) -> Caller:
    """Somebody on this machine who calls without a token."""
    return Caller(Client.model_construct(name=name, issuers=()), name)
