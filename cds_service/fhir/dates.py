"""FHIR date, dateTime and instant as moments in UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
    r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)

# What nearly every date and instant looks like; Python's own reader takes it five times as fast.
COMMON = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{3})?(?:Z|[+-]\d\d:\d\d))?", re.ASCII)
DATE_LENGTH = 10  # characters of YYYY-MM-DD


def parse_moment(text: str | None, zone: tzinfo) -> datetime | None:
    """The moment a FHIR date, dateTime or instant names, in UTC; None when it is not one.

    A partial date is the start of its year, month or day in `zone`, the site's time zone; a time without an offset is
    read there too. `T24:00` is the start of the next day, missing seconds are 0 and the leap second `:60` is the next
    minute. Fractions are cut at microseconds.
    """
    if not text:
        return None
    return _day(text, zone) if len(text) == DATE_LENGTH else _parse(text, zone)


@lru_cache(maxsize=4096)
def _day(text: str, zone: tzinfo) -> datetime | None:
    """Where a day begins takes long to find out, and charts share their days."""
    return _parse(text, zone)


def _parse(text: str, zone: tzinfo) -> datetime | None:
    if COMMON.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # hour 24 or second 60
    match = MOMENT.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if hour == "24" and (minute, int(second or 0), int(fraction or 0)) != ("00", 0, 0):
        return None
    at = timedelta(
        days=1 if hour == "24" else 0,
        seconds=1 if second == "60" else 0,
        microseconds=int((fraction or "0")[:6].ljust(6, "0")),
    )
    try:
        start = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            0 if hour == "24" else int(hour or 0),
            int(minute or 0),
            59 if second == "60" else int(second or 0),
            tzinfo=read_offset(offset) or zone,
        )
        return (start + at).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_offset(text: str | None) -> tzinfo | None:
    """`Z` or `+05:30`; None when the time has no offset. Raises ValueError for a day or more."""
    if text is None:
        return None
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
