"""Reads config/code_map.csv: what the local codes of a site mean."""

from collections.abc import Mapping

from cds_service.knowledge.page import Page, name_list
from cds_service.knowledge.read_shape import is_date
from cds_service.knowledge.value_sets import RXNORM, SYSTEMS
from cds_service.terminology.products import Terminology

CODE_MAP_FILE = "config/code_map.csv"
CODE_MAP_COLUMNS = ("system", "code", "target_system", "target_code", "display", "by", "date")


def read_code_map(
    page: Page, rows: tuple[Mapping[str, str], ...], terminology: Terminology
) -> dict[tuple[str, str], tuple[str, str]]:
    """(system, code) of the site to (system, code) that the terminology or a value set knows."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for number, row in enumerate(rows, 1):
        where = f"row {number}"
        if lacking := [column for column in CODE_MAP_COLUMNS if not row.get(column)]:
            page.note(where, f"{name_list(lacking, 'and')} must not be empty")
            continue
        local = row["system"], row["code"]
        if local in found:
            page.note(where, f"{row['code']!r} of {row['system']} is mapped twice")
        check_target(page, where, row, terminology)
        found[local] = row["target_system"], row["target_code"]
    return found


def check_target(page: Page, where: str, row: Mapping[str, str], terminology: Terminology) -> None:
    """What a local code is mapped to can be found: a known system, and in RxNorm a known code; the date is one."""
    system, code = row["target_system"], row["target_code"]
    if system not in SYSTEMS.values():
        meant = SYSTEMS.get(system.casefold())
        near = f"; write {meant}" if meant else f"; write {RXNORM} for a drug"
        page.note(where, f"target_system {system!r} is no code system that is read here{near}")
    elif system == RXNORM and terminology.by_rxcui(code) is None:
        named = terminology.by_name(row["display"])
        meant = f"; {row['display']!r} is {named.rxcui}" if named else ""
        page.note(where, f"target_code: RxNorm has no code {code!r}{meant}")
    if not is_date(row["date"]):
        page.note(where, f"date: found {row['date']!r}, expected a date as in 2026-11-21")
