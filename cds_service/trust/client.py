"""One CDS client this site trusts."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Algorithm = Literal["ES384", "RS384", "ES256", "RS256", "PS384"]
Replay = Literal["strict", "same-body", "off"]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^\S+$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
HookName = Annotated[str, StringConstraints(pattern="^(patient-view|order-select|order-sign|encounter-discharge)$")]
Tenant = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[!-~]+$")]


class Client(BaseModel):
    """One CDS client: how it proves who it is, and what it may do. What each key means is told in `clients.toml`.

    `fhir_servers` are the only addresses its FHIR token is sent to. `keys` are JSON Web Keys; with them the address
    `key_set` is only compared with `jku` and never fetched. With `backend_scope` the service gets itself a token, with
    these space-separated scopes, for a call that brings none. `role` and `department` are those of everybody who works
    with this client, where a call does not say. `most_cards` is how many cards it shows at a hook, in place of the
    policy's number; with `select_to_sign` it is not told again at signing what it was told while the drug was picked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    issuers: tuple[Text, ...] = Field(min_length=1)
    key_set: Text | None = None
    keys: tuple[dict[str, Any], ...] = ()
    accept_published_keys: bool = False
    algorithms: tuple[Algorithm, ...] = Field(default=("ES384", "RS384"), min_length=1)
    tenants: tuple[Tenant, ...] = ()
    extra_audiences: tuple[Text, ...] = ()
    fhir_servers: tuple[Text, ...] = ()
    oauth_client_id: Text | None = None
    backend_scope: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None
    backend_algorithm: Literal["ES384", "RS384"] = "ES384"
    dialect: Literal["standard", "epic"] = "standard"
    services: tuple[Text, ...] | None = Field(default=None, min_length=1)
    replay: Replay = "strict"
    calls_per_minute: int = Field(default=3000, ge=1)
    burst: int = Field(default=100, ge=1)
    trace: bool = False
    origins: tuple[Text, ...] = ()
    role: Label | None = None
    department: Label | None = None
    most_cards: dict[HookName, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    select_to_sign: bool = False

    def may_use(self, service_id: str) -> bool:
        """Whether this client may call the service; without a list it may call them all."""
        return self.services is None or service_id in self.services
