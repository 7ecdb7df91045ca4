"""What an OperationOutcome in the place of data means (CH-074, CH-075)."""

from cds_service.fhir.lenient import UNREADABLE_JSON, Json, decode_resource
from cds_service.fhir.received import Reason
from cds_service.fhir.resources import OperationOutcome

REFUSED = frozenset(
    {"security", "login", "unknown", "expired", "forbidden", "suppressed", "throttled", "too-costly", "business-rule"}
)
"""Issue codes by which a server says that it will not give the data to this caller, or not now."""

SAYS_MORE_EXISTS = {"suppressed": Reason.REFUSED, "incomplete": Reason.TRUNCATED}
"""Issue codes that tell of data held back even when the issue is only a warning."""


def reason_of(raw: Json) -> Reason | None:
    """Why data is missing, or None when the outcome only informs. One that cannot be read counts as malformed."""
    try:
        outcome = decode_resource(raw, OperationOutcome)
    except UNREADABLE_JSON:
        return Reason.MALFORMED
    reasons = [reason_of_issue(issue.severity, issue.code or "") for issue in outcome.issue]
    return next((reason for reason in reasons if reason is not None), None if outcome.issue else Reason.MALFORMED)


def reason_of_issue(severity: str | None, code: str) -> Reason | None:
    if severity in ("warning", "information"):
        return SAYS_MORE_EXISTS.get(code)
    if code in REFUSED:
        return Reason.REFUSED
    if code == "timeout":
        return Reason.TIMED_OUT
    return SAYS_MORE_EXISTS.get(code, Reason.MALFORMED)
