"""The answers of a FHIR server as what prefetch would have brought: one page, or several joined."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from cds_service.errors import NothingToWorkWith
from cds_service.fhir.bundles import WORST_FIRST, Link
from cds_service.fhir.lenient import UNREADABLE_JSON, decode_resource
from cds_service.fhir.queries import Query
from cds_service.fhir.read import MALFORMED, NONE_RECORDED, read_key
from cds_service.fhir.received import KeyResult, Reason
from cds_service.fhir.resources import Resource
from cds_service.outbound import Answer, NoAnswer, Trouble

TROUBLES = {
    Trouble.TIMED_OUT: Reason.TIMED_OUT,
    Trouble.TOO_LARGE: Reason.TRUNCATED,
    Trouble.UNREACHABLE: Reason.NOT_SENT,
}

STATUS_REASONS: dict[int, Reason] = {
    HTTPStatus.UNAUTHORIZED: Reason.REFUSED,
    HTTPStatus.FORBIDDEN: Reason.REFUSED,
    HTTPStatus.TOO_MANY_REQUESTS: Reason.REFUSED,
    HTTPStatus.REQUEST_TIMEOUT: Reason.TIMED_OUT,
    HTTPStatus.GATEWAY_TIMEOUT: Reason.TIMED_OUT,
    # A server without this type of resource, or without this search, has nothing to send.
    HTTPStatus.NOT_FOUND: Reason.NOT_SENT,
    HTTPStatus.METHOD_NOT_ALLOWED: Reason.NOT_SENT,
    HTTPStatus.NOT_IMPLEMENTED: Reason.NOT_SENT,
}
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class Paging(Resource, frozen=True):
    """The members of a Bundle that tell whether there is more."""

    total: int | None = None
    link: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. `following` is its `next` link as written; `arrived` is false for errors and silence."""

    result: KeyResult
    following: str | None = None
    total: int = 0
    arrived: bool = True


def missing_page(error: NoAnswer) -> Page:
    """The page that did not come."""
    return Page(KeyResult(reason=TROUBLES[error.trouble]), arrived=False)


def read_page(answer: Answer, query: Query) -> Page:
    """What the server said to `query`. Never raises: every failure is a reason."""
    if answer.status != HTTPStatus.OK:
        return Page(read_error(answer, query), arrived=False)
    if answer.body.strip() == b"null":  # "none recorded" in a prefetch, nothing at all from a FHIR server
        return Page(MALFORMED, arrived=False)
    try:
        result = read_key(msgspec.Raw(answer.body), query.path)
        paging = decode_resource(answer.body, Paging) if query.is_search else Paging()
    except (*UNREADABLE_JSON, NothingToWorkWith):  # the latter: the server speaks DSTU2
        return Page(MALFORMED, arrived=False)
    following = next((link.url for link in paging.link if link.relation == "next" and link.url), None)
    return Page(result, following, paging.total or 0)


def read_error(answer: Answer, query: Query) -> KeyResult:
    """A status that brings no data. An encounter that is not there is none; a patient must be."""
    if answer.status in GONE and query.resource_type == "Encounter" and not query.is_search:
        return NONE_RECORDED
    if answer.status in GONE and not query.is_search:
        return MALFORMED
    return KeyResult(reason=STATUS_REASONS.get(answer.status, Reason.MALFORMED))


def join(pages: Sequence[Page]) -> KeyResult:
    """The pages of one search as one result; whole only if every page came, the last had no `next`, and nothing that
    `Bundle.total` counts is missing."""
    if len(pages) == 1:
        return pages[0].result
    results = [page.result for page in pages]
    resources = tuple(resource for result in results for resource in result.resources)
    unreadable = tuple(entry for result in results for entry in result.unreadable)
    cut_short = (
        not all(page.arrived for page in pages)
        or pages[-1].following is not None
        or max(page.total for page in pages) > len(resources) + len(unreadable)
    )
    reasons = {page.result.reason for page in pages if page.arrived} - {None, Reason.TRUNCATED}
    reasons |= {Reason.TRUNCATED} if cut_short else set()
    return KeyResult(
        resources=resources,
        unreadable=unreadable,
        complete=not reasons,
        reason=min((reason for reason in reasons if reason), key=WORST_FIRST.index, default=None),
        requested_codes=results[0].requested_codes,
        urls={url: target for result in results for url, target in result.urls.items()},
    )
