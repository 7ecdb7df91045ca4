"""Lines and reports put together by hand, for what is written of them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from cds_service.monitoring.counts import NUMBERS
from cds_service.monitoring.recorded import Span
from cds_service.monitoring.report import Line, Overview, Rate, Report

LONG = "pgx-score.celecoxib-flurbiprofen-ibuprofen-cyp2c9-intermediate"  # the longest id of the shipped rules
ANSWERS = {"accepted": 100, "overridden": 600, "ignored": 300}
ALERTS = {"evaluated": 5000, "fired": 1000, "shown": 1000, "repeated": 37, **ANSWERS}
SHARES = {"accepted": Rate(0.1, 0.08, 0.12), "overridden": Rate(0.6, 0.57, 0.63), "ignored": Rate(0.3, 0.27, 0.33)}


def a_line(*key: str, counts: Mapping[str, int | None] = ALERTS, **more: Any) -> Line:
    """1,000 alerts of 8,000 orders: 12.5 per 100."""
    shown = {**SHARES, "orders": 8000, "burden": 12.5, "interruptions": 4.0, "reasons": {"other": 20, "monitored": 300}}
    return Line(key, {**dict.fromkeys(NUMBERS, 0), **counts}, **{**shown, **more})


def quiet(*key: str) -> Line:
    return a_line(*key, counts={"evaluated": 70}, burden=0.0, accepted=None, overridden=None, ignored=None, reasons={})


def an_overview(**more: Any) -> Overview:
    known = {"calls": 9000, "order_calls": 7000, "uncounted": 0, "counted_from": date(2026, 11, 1), "strays": 0}
    cards = {"cards_per_100": 10.0, "urgency": {"critical": 1.0, "warning": 3.0, "info": 5.0}, "alerts": a_line()}
    return Overview(**{**known, **cards, **more})


def a_report(*rules: Line, **more: Any) -> Report:
    views = {"rule": rules, "client": (a_line("general"),)}
    told: dict[str, Any] = {"offenders": (), "helpful": (), "unknowns": {}, **more}
    return Report(Span(0.0, 86_400.0), 11, an_overview(), views, (), **told)
