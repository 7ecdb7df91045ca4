"""The tables of `docs/integration.md` that the code decides, each between two comments that name it."""

import re
from collections.abc import Iterable
from pathlib import Path

from cds_service.fhir.read import MOST_DRUG_DRAFTS
from cds_service.hooks.discovery import CODES_PER_KEY, Service
from cds_service.settings import Settings
from cds_service.trust.client import Client
from cds_service.trust.client_token import LEEWAY_S, LONGEST_HEADER, LONGEST_LIFE_S
from cds_service.web.listening import PATIENCE_S
from tests.contract.openapi import ERRORS, without_codes

PAGE = Path(__file__).parents[2] / "docs" / "integration.md"
MEDICATION = "Medication?_id="  # what an order refers to without bringing it
TABLE = "<!-- table {name} -->\n{rows}\n<!-- end -->"


def fill(page: str, services: tuple[Service, ...]) -> str:
    """The page with its tables as the code has them."""
    for name, rows in tables(services).items():
        kept = re.compile(rf"<!-- table {name} -->\n.*?<!-- end -->", re.DOTALL)
        if not kept.search(page):
            raise ValueError(f"{PAGE.name} has no place for the table {name}")
        page = kept.sub(lambda _, name=name, rows=rows: TABLE.format(name=name, rows="\n".join(rows)), page)
    return page


def tables(services: tuple[Service, ...]) -> dict[str, list[str]]:
    return {
        "services": [
            "| id | hook | prefetch keys |",
            "|---|---|---|",
            *(f"| `{each.id}` | {each.hook} | {', '.join(each.prefetch)} |" for each in services),
        ],
        "templates": ["| key | template |", "|---|---|", *template_rows(services)],
        "scopes": ["| service | SMART v1 | SMART v2 |", "|---|---|---|", *map(scope_row, services)],
        "statuses": [
            "| status | when |",
            "|---|---|",
            "| 200 | Answered. Empty `cards` mean: checked, nothing to say. |",
            *(f"| {status} | {when} |" for status, when in ERRORS.items()),
        ],
        "limits": limit_rows(),
    }


def template_rows(services: Iterable[Service]) -> list[str]:
    found = {key: template for service in services for key, template in service.prefetch.items()}
    return [f"| `{key}` | `{without_codes(key, template)}` |" for key, template in found.items()]


def scope_row(service: Service) -> str:
    """The least a token must grant; `patient/` in place of `user/` will do."""
    may: dict[str, set[str]] = {}
    for template in (*service.prefetch.values(), MEDICATION):
        may.setdefault(re.split(r"[/?]", template)[0], set()).add("s" if "?" in template else "r")
    first = " ".join(f"user/{kind}.read" for kind in sorted(may))
    second = " ".join(f"user/{kind}.{''.join(sorted(allowed))}" for kind, allowed in sorted(may.items()))
    return f"| `{service.id}` | `{first}` | `{second}` |"


def limit_rows() -> list[str]:
    settings, client = Settings(), Client.model_construct(name="x", issuers=())
    limits = {
        "body, also after unpacking gzip": f"{settings.body_limit // 1_000_000} MB (`body_limit`)",
        "drug orders in one call": f"{MOST_DRUG_DRAFTS}",
        "codes in one prefetch template": f"{CODES_PER_KEY}",
        "time of an answer that needs your FHIR server": f"{settings.answer_within_ms} ms (`answer_within_ms`)",
        "calls of one client": f"{client.calls_per_minute} a minute, {client.burst} at once (`clients.toml`)",
        "`Authorization` header": f"{LONGEST_HEADER} characters",
        "time a request may take to arrive": f"{PATIENCE_S:.0f} s",
        "life of a token, `iat` to `exp`": f"{LONGEST_LIFE_S} s",
        "difference of clocks": f"{LEEWAY_S} s",
    }
    return ["| limit | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in limits.items())]
