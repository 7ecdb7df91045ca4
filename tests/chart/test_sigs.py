"""English dosing instructions. Expected values are what a pharmacist reads in the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.chart.amounts import Amount
from cds_service.chart.sigs import Sig, read_sig

TABLET = "count"


@pytest.mark.parametrize(
    ("text", "amount", "per_day", "as_needed"),
    [
        ("take 1 tablet by mouth twice daily", Amount(1, TABLET), 2, False),
        ("Take one tablet by mouth once daily.", Amount(1, TABLET), 1, False),
        ("1 tab po qd", Amount(1, TABLET), 1, False),
        ("2 tabs po bid", Amount(2, TABLET), 2, False),
        ("one capsule three times daily", Amount(1, TABLET), 3, False),
        ("1 tablet 3 times a day", Amount(1, TABLET), 3, False),
        ("take 1/2 tablet daily", Amount(0.5, TABLET), 1, False),
        ("take 1 1/2 tablets every morning", Amount(1.5, TABLET), 1, False),
        ("take half tablet at bedtime", Amount(0.5, TABLET), 1, False),
        ("1 qhs", Amount(1, ""), 1, False),
        ("5 mL bid", Amount(5, "mL"), 2, False),
        ("75mcg daily", Amount(0.075, "mg"), 1, False),
        ("20 Units SC three times daily", Amount(20, "[IU]"), 3, False),
        ("2 puffs qid prn wheeze", Amount(2, "{actuat}"), 4, True),
        ("1 tablet every other day", Amount(1, TABLET), 0.5, False),
        ("apply one patch every 72 hours", Amount(1, TABLET), 1 / 3, False),
        ("Every seventy two hours (qualifier value)", None, 1 / 3, False),
        ("2.5 mg once weekly", Amount(2.5, "mg"), 1 / 7, False),
        ("1 tablet twice a week", Amount(1, TABLET), 2 / 7, False),
        ("1 tablet every 3 days", Amount(1, TABLET), 1 / 3, False),
        ("Take as needed.", None, None, True),
        ("one to two tablets every 4-6 hours as needed for rib pain", Amount(2, TABLET), 6, True),
        ("Take 1-2 tablets once daily at bedtime as needed for restless legs", Amount(2, TABLET), 1, True),
        ("1 tablet every 4 hours for pain", Amount(1, TABLET), 6, None),
    ],
)
def test_a_sig_of_the_closed_list_is_read(
    text: str, amount: Amount | None, per_day: float | None, as_needed: bool | None
) -> None:
    sig = read_sig(text)
    assert sig is not None
    assert sig.amount == amount
    assert sig.times_per_day == (per_day if per_day is None else pytest.approx(per_day))
    assert sig.as_needed is as_needed


@pytest.mark.parametrize(
    "text",
    [
        "taper as directed",
        "Take one tablet daily as directed",
        "Take 1 tablet daily for the first week then 2 daily",
        "1 tablet daily for three days then stop",
        "take 1 tablet daily and 2 at night",
        "1 tablet daily for pain or twice for severe pain",
        "Take 4 tablets daily for 7 days starting January 16",
        "Take 3 tablets (6mg) once daily",
        "15 units before lunch",
        "Two tablets at once",
        "2 tablets",
        "1000",
        "",
        "   ",
        "1 tablet daily " * 20,
    ],
)
def test_a_text_with_anything_unknown_in_it_is_not_read_at_all(text: str) -> None:
    assert read_sig(text) is None


def test_a_missing_text_is_no_sig() -> None:
    assert read_sig(None) is None


def test_a_stated_maximum_per_day_is_read() -> None:
    assert read_sig("1-2 tablets every 4-6 hours as needed, max 8/day") == Sig(
        amount=Amount(2, TABLET),
        least=1,
        times_per_day=pytest.approx(6),
        fewest_per_day=pytest.approx(4),
        as_needed=True,
        most=Amount(8, TABLET),
    )


def test_a_maximum_in_24_hours_may_have_its_own_unit() -> None:
    sig = read_sig("take 2 tablets every 6 hours as needed for pain. Do not exceed 3000 mg in 24 hours")
    assert sig is not None
    assert sig.most == Amount(3000, "mg")


@pytest.mark.parametrize(
    ("text", "days"), [("5 mL bid x 10 days", 10), ("1 tab daily for two weeks", 14), ("1 bid", None)]
)
def test_a_stated_duration_is_read_in_days(text: str, days: float | None) -> None:
    sig = read_sig(text)
    assert sig is not None
    assert sig.duration_days == days


@given(st.text(alphabet="0123456789 -/.,abdefhimnopqrstuxy", max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    sig = read_sig(text)
    assert sig is None or sig.as_needed in (True, False, None)


@given(st.integers(1, 20), st.integers(1, 24))
def test_every_n_hours_is_24_over_n_times(count: int, hours: int) -> None:
    sig = read_sig(f"{count} tablets every {hours} hours")
    assert sig is not None
    assert sig.amount == Amount(count, TABLET)
    assert sig.times_per_day == pytest.approx(24 / hours)
