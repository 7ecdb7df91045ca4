"""The only table from domain errors to HTTP status numbers. Every error body is an OperationOutcome (CH-102).

Diagnostics name the element, what kind of thing was found and what was expected; never a value of a patient, never a
stack.
"""

from dataclasses import dataclass
from uuid import uuid4

import msgspec
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from cds_service.errors import BadRequest, CdsError, NothingToWorkWith, NotKept, NotRecorded, NotTrusted, TooManyCalls
from cds_service.web.log import log


@dataclass(unsafe_hash=True)
class NotForYou(CdsError):
    """The caller may not use this route; `why` is for the person who set the client up."""

    why: str

    def __str__(self) -> str:
        return self.why


@dataclass(unsafe_hash=True)
class UnknownService(CdsError):
    """No CDS service has this id (CH-016)."""

    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"no CDS service has this id; the services are: {', '.join(self.known)}"


@dataclass(unsafe_hash=True)
class UnknownKnowledge(CdsError):
    """No rule and no model has this id."""

    def __str__(self) -> str:
        return "no rule and no model has this id"


@dataclass(unsafe_hash=True)
class NotJson(CdsError):
    """The body is declared as something other than JSON (CH-030)."""

    def __str__(self) -> str:
        return "Content-Type: expected application/json"


@dataclass(unsafe_hash=True)
class NotUnpacked(CdsError):
    """The body is packed in a way this service does not read."""

    def __str__(self) -> str:
        return "Content-Encoding: expected gzip, or none"


# status, FHIR issue type (http://hl7.org/fhir/issue-type)
DOMAIN_PROBLEMS: dict[type[CdsError], tuple[int, str]] = {
    BadRequest: (400, "invalid"),
    NotTrusted: (401, "login"),
    NotForYou: (403, "forbidden"),
    UnknownService: (404, "not-found"),
    UnknownKnowledge: (404, "not-found"),
    NothingToWorkWith: (412, "incomplete"),  # CH-077
    NotJson: (415, "not-supported"),
    NotUnpacked: (415, "not-supported"),
    TooManyCalls: (429, "throttled"),
    NotRecorded: (503, "transient"),
    NotKept: (503, "transient"),
}

HTTP_PROBLEMS: dict[int, tuple[str, str]] = {
    404: ("not-found", "nothing is served at this address"),
    405: ("not-supported", "this address does not answer this method; see the Allow header"),
    413: ("too-long", "the body is larger than this service accepts"),
}
CALL_ID = "X-Correlation-Id"
INTERNAL = "the service failed on this call; nothing was checked"


def operation_outcome(code: str, diagnostics: str, element: str | None = None) -> bytes:
    """An OperationOutcome with one issue; `element` is the JSON path it is about."""
    issue: dict[str, object] = {"severity": "error", "code": code, "diagnostics": diagnostics}
    if element:
        issue["expression"] = [element]
    return msgspec.json.encode({"resourceType": "OperationOutcome", "issue": [issue]})


def describe_problem(error: CdsError) -> tuple[int, bytes]:
    """Status and body for a domain error; one that is not in the table is a failure of ours."""
    status, code = DOMAIN_PROBLEMS.get(type(error), (500, "exception"))
    if status == 500:
        return status, operation_outcome(code, INTERNAL)
    return status, operation_outcome(code, str(error), error.element if isinstance(error, BadRequest) else None)


def answer_with(status: int, body: bytes) -> Response:
    return Response(body, status=status, content_type="application/json")


def add_problem_answers(app: Flask) -> None:
    """Answer every error of `app`, expected or not, with an OperationOutcome."""

    @app.errorhandler(CdsError)
    def answer_domain_error(error: CdsError) -> Response:
        status, body = describe_problem(error)
        response = answer_with(status, body)
        response.headers.update(ask_of_caller(error))
        found = {**name_call(response), **explain_to_operator(error)}
        log.info("refused", status=status, problem=type(error).__name__, **found)
        return response

    @app.errorhandler(HTTPException)
    def answer_http_error(error: HTTPException) -> Response:
        status = error.code or 500
        code, diagnostics = HTTP_PROBLEMS.get(status, ("invalid", "the request cannot be read"))
        response = answer_with(status, operation_outcome(code, diagnostics))
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        log.info("refused", status=status, problem=type(error).__name__, **name_call(response))
        return response

    @app.errorhandler(Exception)
    def answer_failure(error: Exception) -> Response:
        response = answer_with(500, operation_outcome("exception", INTERNAL))
        log.error("failed", problem=type(error).__name__, at=where_raised(error), status=500, **name_call(response))
        return response


def name_call(response: Response) -> dict[str, str]:
    """Which call an error was: a new id that its answer carries too, the client and the service.

    A refused token gets no id: such answers are the same bytes (CH-195). An id of the caller's own may name a patient.
    """
    if response.status_code == 401:
        return {}
    response.headers[CALL_ID] = call_id = str(uuid4())
    known = {"client": g.caller.client.name, **(request.view_args or {})} if "caller" in g else {}
    return {"call": call_id, "client": known.get("client", ""), "service": known.get("service_id", "")}


def explain_to_operator(error: CdsError) -> dict[str, str]:
    """What only the log says of a refused caller: never the token, nor its id (CH-195, CH-196)."""
    if isinstance(error, NotTrusted):
        return {"client": error.client, "why": error.why}
    if isinstance(error, BadRequest):
        return {"why": str(error)}
    if isinstance(error, UnknownService):
        return {"service": ""}  # whatever the caller wrote there
    return {"client": error.client} if isinstance(error, TooManyCalls) else {}


def ask_of_caller(error: CdsError) -> dict[str, str]:
    """Headers that say what the caller should do."""
    if isinstance(error, NotTrusted):
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": str(error.wait)} if isinstance(error, TooManyCalls) else {}


def where_raised(error: BaseException) -> str:
    """Module and line of the innermost frame: enough to find a defect, and no value of a patient."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
