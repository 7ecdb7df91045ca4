"""Fetch what prefetch lacks from the client's FHIR server (DESIGN section 3, CH-076): within the granted scopes, in
parallel, by one deadline. Whatever fails stays unknown with its reason; the call goes on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from msgspec.structs import replace

from cds_service.errors import NoToken
from cds_service.fhir.addresses import allowed_base
from cds_service.fhir.client import FhirClient
from cds_service.fhir.queries import Query, resolve, within_scopes
from cds_service.fhir.received import KeyResult, Reason, Received
from cds_service.fhir.referenced import MOST_AT_ONCE, find_missing_medications, medication_query
from cds_service.fhir.resources import Medication
from cds_service.fhir.run_ahead import Place, RunAhead, digest_token
from cds_service.hooks.authorization import Authorization
from cds_service.hooks.request import HookRequest
from cds_service.outbound import Outbound

NO_ACCESS = "FHIR server not asked"
MEDICATIONS = "medications referred to"

GetToken = Callable[[str, float], Authorization]
"""Gives a token for a FHIR base, by a deadline. Raises `NoToken`."""


@dataclass(frozen=True, slots=True)
class FhirAccess:
    """Which FHIR servers may be asked for one client.

    `bases` are the only addresses its tokens are sent to. `client_id` is our OAuth client id there: a token that names
    another is not used. `own_token` gets a token of our own where a call brings none.
    """

    bases: tuple[str, ...] = ()
    client_id: str | None = None
    own_token: GetToken | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf a FHIR server is asked."""

    client: str
    tenant: str
    access: FhirAccess


@dataclass(frozen=True, slots=True)
class Visit:
    """One call's access to one FHIR server: the token, and what it is limited to. `deadline` is on the clock."""

    asker: Asker
    patient_id: str
    base: str
    authorization: Authorization
    deadline: float

    def place(self, query: Query) -> Place:
        digest = digest_token(self.authorization.access_token)
        return Place(self.asker.client, self.asker.tenant, self.patient_id, digest, self.base, query.path)


@dataclass(slots=True)
class Plan:
    """What is known of each lacking key without asking, and what has to be asked."""

    results: dict[str, KeyResult] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)


class FallBack:
    """The way to the FHIR servers, shared by all calls of the process.

    `open_outbound` makes the connections for one allowed base. `dev` also allows http and servers on this machine.
    """

    def __init__(self, open_outbound: Callable[[], Outbound], clock: Callable[[], float], dev: bool) -> None:
        self.open_outbound = open_outbound
        self.dev = dev
        self.run_ahead = RunAhead(clock)
        self.clients: dict[str, FhirClient] = {}
        self.lock = Lock()

    def fetch(
        self,
        request: HookRequest,
        templates: Mapping[str, str],
        asker: Asker,
        received: Received,
        deadline: float,
    ) -> Received:
        """`received` with what could be fetched for the keys of `templates` that came empty-handed or cut short."""
        get_token = token_source(request, asker.access)
        if get_token is None:
            return received
        base = self._base_of(request, asker.access)
        if base is None:
            return noted(received, f"{NO_ACCESS}: fhirServer is not one of this client's FHIR servers")
        lacking = {key: template for key, template in templates.items() if lacks(received.prefetch[key], template)}
        if not lacking and not find_missing_medications(received, base):
            return received
        try:
            visit = Visit(asker, received.patient_id, base, get_token(base, deadline), deadline)
        except NoToken as error:
            return noted(received, f"{NO_ACCESS}: {error}")
        if lacking:
            received = self._fetch_keys(request, lacking, visit, received)
        return self._fetch_medications(visit, received)

    def _base_of(self, request: HookRequest, access: FhirAccess) -> str | None:
        """The server of the call if it is allowed. A call that names none and brings no token means the only one."""
        only = access.bases[0] if len(access.bases) == 1 and request.authorization is None else ""
        return allowed_base(request.fhir_server or only, access.bases, self.dev)

    def _fetch_keys(
        self, request: HookRequest, lacking: Mapping[str, str], visit: Visit, received: Received
    ) -> Received:
        plan = Plan()
        for key, template in lacking.items():
            query = resolve(template, request.context)
            if query is None:
                plan.results[key] = KeyResult(reason=Reason.NOT_REQUESTED)
            else:
                self._plan(key, query, visit, plan)
        fetched = self._ask(visit, plan)
        better = {key: better_of(received.prefetch[key], result) for key, result in fetched.items()}
        came = sorted(key for key, result in better.items() if result is not received.prefetch[key] and came_in(result))
        received = replace(received, prefetch={**received.prefetch, **better})
        return noted(received, f"read from the FHIR server: {', '.join(came)}") if came else received

    def _fetch_medications(self, visit: Visit, received: Received) -> Received:
        """With the Medications that drugs refer to; those that do not come leave their drugs unrecognised."""
        missing = find_missing_medications(received, visit.base)
        if not missing:
            return received
        plan = Plan()
        self._plan(MEDICATIONS, medication_query(missing), visit, plan)
        result = self._ask(visit, plan)[MEDICATIONS]
        found = tuple(resource for resource in result.resources if isinstance(resource, Medication))
        received = replace(received, supporting=(*received.supporting, *found))
        if len(missing) > MOST_AT_ONCE:
            received = noted(received, f"{MEDICATIONS}: only the first {MOST_AT_ONCE} of {len(missing)} were asked for")
        why = f": {result.reason.value}" if result.reason else ""
        return noted(received, f"{MEDICATIONS}: read {len(found)} of {len(missing)}{why}")

    def _plan(self, key: str, query: Query, visit: Visit, plan: Plan) -> None:
        """Settle what needs no asking: what the scopes do not grant, and what an earlier call fetched."""
        allowed = within_scopes(query, visit.authorization.scope)
        if allowed is None:
            plan.results[key] = KeyResult(reason=Reason.REFUSED)
        elif kept := self.run_ahead.find(visit.place(allowed)):
            plan.results[key] = kept
        else:
            plan.queries[key] = allowed

    def _ask(self, visit: Visit, plan: Plan) -> dict[str, KeyResult]:
        """The results of a plan, keeping for the next call what was read whole."""
        authorization = visit.authorization
        client = self._client_of(visit)
        fetched = client.read_all(visit.base, plan.queries, authorization.access_token, visit.deadline)
        for key, result in fetched.items():
            self.run_ahead.keep(visit.place(plan.queries[key]), result, authorization.expires_in)
        return {**plan.results, **fetched}

    def _client_of(self, visit: Visit) -> FhirClient:
        """The connections to the allowed base that this server is at or below, made when first needed."""
        owner = next(base for base in visit.asker.access.bases if allowed_base(visit.base, (base,), self.dev))
        with self.lock:
            if owner not in self.clients:
                self.clients[owner] = FhirClient(self.open_outbound())
            return self.clients[owner]


def token_source(request: HookRequest, access: FhirAccess) -> GetToken | None:
    """Where the token for a base comes from: the call, else ourselves; None when neither has one.

    A call that brought a token nobody may use (for another patient, say) gets none of ours instead (CH-093).
    """
    if request.token_unusable:
        return None
    authorization = request.authorization
    if authorization is None:
        return access.own_token

    def use_the_calls(base: str, deadline: float) -> Authorization:
        if access.client_id not in (None, authorization.subject):
            raise NoToken("fhirAuthorization was issued to another OAuth client")  # CH-092
        return authorization

    return use_the_calls


def lacks(result: KeyResult, template: str) -> bool:
    """Whether asking the server may tell more: nothing came, the list was cut short, or a code was never asked for."""
    if not result.complete:
        return not (result.resources or result.unreadable) or result.reason is Reason.TRUNCATED
    asked = result.requested_codes
    if asked is None:
        return False
    codes = next((part[5:].split(",") for part in template.split("&") if part.startswith("code=")), [])
    return any(code not in asked and code.rpartition("|")[2] not in asked for code in codes)


def better_of(sent: KeyResult, fetched: KeyResult) -> KeyResult:
    """What is used of a key that was both sent and fetched: the whole list, else the one that holds more."""
    if fetched.complete:
        return fetched
    return sent if sent.complete or len(sent.resources) > len(fetched.resources) else fetched


def came_in(result: KeyResult) -> bool:
    return result.complete or bool(result.resources)


def noted(received: Received, note: str) -> Received:
    return replace(received, notes=(*received.notes, note))
