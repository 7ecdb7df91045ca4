"""FHIR dates as moments in UTC."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.dates import parse_moment

VIENNA = ZoneInfo("Europe/Vienna")  # UTC+1, in summer UTC+2


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-02-19T10:00:00Z", utc(2021, 2, 19, 10)),
        ("2021-02-19T10:00:00.123456789+01:00", utc(2021, 2, 19, 9, 0, 0, 123456)),
        ("2021-02-19T10:00:00.5-05:30", utc(2021, 2, 19, 15, 30, 0, 500000)),
        ("2021-02-19T10:00Z", utc(2021, 2, 19, 10)),
        ("2021-02-19T24:00:00Z", utc(2021, 2, 20)),
        ("2021-12-31T24:00Z", utc(2022, 1, 1)),
        ("2016-12-31T23:59:60Z", utc(2017, 1, 1)),
        (" 2021-02-19T10:00:00Z ", utc(2021, 2, 19, 10)),
    ],
)
def test_moments_with_an_offset_are_read(text: str, moment: datetime) -> None:
    assert parse_moment(text, VIENNA) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021", utc(2020, 12, 31, 23)),
        ("2021-07", utc(2021, 6, 30, 22)),
        ("2021-07-15", utc(2021, 7, 14, 22)),
        ("2021-07-15T08:00:00", utc(2021, 7, 15, 6)),
    ],
)
def test_partial_dates_start_where_the_site_is(text: str, moment: datetime) -> None:
    read = parse_moment(text, VIENNA)
    assert read == moment
    assert read is not None
    assert read.tzinfo is UTC


def test_one_text_is_another_moment_in_another_zone() -> None:
    assert parse_moment("2021-07-15", VIENNA) == utc(2021, 7, 14, 22)
    assert parse_moment("2021-07-15", UTC) == utc(2021, 7, 15, 0)


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "yesterday", "2021-13", "2021-02-30", "21-02-19", "2021-2-9", "2021-02-19T", "2021-02-19T10Z"),
        *("2021-02-19T24:01:00Z", "2021-02-19T24:00:01Z", "2021-02-19T25:00:00Z", "2021-02-19T10:60:00Z"),
        *("2021-02-19T10:00:00+24:00", "0000-01-01", "0001-01-01T00:00:00+10:00", "9999-12-31T24:00:00Z"),
        *("2021-02-19 10:00:00Z", "20210219", "２０２１-02-19", "2021-W07"),
    ],
)
def test_what_is_no_date_is_none(text: str | None) -> None:
    assert parse_moment(text, UTC) is None


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=OFFSETS))
def test_every_moment_written_in_iso_form_comes_back(moment: datetime) -> None:
    assert parse_moment(moment.isoformat(), VIENNA) == moment


@given(st.text() | st.from_regex(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:.Z+-]{0,14})?)?)?"))
def test_no_text_is_too_odd(text: str) -> None:
    read = parse_moment(text, VIENNA)
    assert read is None or read.tzinfo is UTC
