"""English dosing instructions, read only when the whole text is one of a closed list of patterns.

`Take 1-2 tablets by mouth every 4 to 6 hours as needed for pain, max 8 tablets per day` is one. A text with a word that
no pattern knows (`then`, `taper`, `as directed`) is not read at all: half a sig is worse than none.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from types import MappingProxyType

import msgspec

from cds_service.chart.amounts import UNITS, Amount

LONGEST_SIG = 160

_WORDS: MappingProxyType[str, float] = MappingProxyType(
    {
        "half": 0.5,
        "one-half": 0.5,
        "one": 1.0,
        "two": 2.0,
        "three": 3.0,
        "four": 4.0,
        "five": 5.0,
        "six": 6.0,
        "seven": 7.0,
        "eight": 8.0,
        "nine": 9.0,
        "ten": 10.0,
        "twelve": 12.0,
        "twenty four": 24.0,
        "twenty-four": 24.0,
        "forty eight": 48.0,
        "forty-eight": 48.0,
        "seventy two": 72.0,
        "seventy-two": 72.0,
    }
)
_TIMES = MappingProxyType({"once": 1.0, "twice": 2.0, "thrice": 3.0})

# Phrases that state administrations per day by themselves.
_PHRASINGS: dict[float, str] = {
    1.0: (
        "daily|every day|each day|per day|a day|qd|q.d.|q day|qday|"
        "every morning|each morning|in the morning|qam|q am|in the am|"
        "every evening|each evening|in the evening|qpm|q pm|in the pm|"
        "every night|each night|nightly|at night|at bedtime|every bedtime|before bed|qhs|q.h.s.|hs"
    ),
    2.0: "bid|b.i.d.|twice daily",
    3.0: "tid|t.i.d.|three times daily",
    4.0: "qid|q.i.d.|four times daily",
    0.5: "every other day|every second day|qod|q.o.d.",
    1 / 7: "weekly|every week|each week|a week|per week|q week|qweek",
}
_PER_DAY: MappingProxyType[str, float] = MappingProxyType(
    {phrase: per_day for per_day, phrases in _PHRASINGS.items() for phrase in phrases.split("|")}
)

_NUMBER = r"(?:\d+ \d/\d|\d+/\d+|\d*\.\d+|\d+|" + "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True)) + ")"
_RANGE = rf"{_NUMBER}(?: ?(?:-|to|or) ?{_NUMBER})?"
_UNIT_WORDS = sorted((re.escape(word) for word in UNITS if word not in ("", "1", "l")), key=len, reverse=True)
_UNIT = "(?:" + "|".join(_UNIT_WORDS) + ")"
_VERB = "take|takes|use|inhale|inject|apply|place|insert|chew|dissolve|give|administer|put"
_ROUTE = (
    r"by mouth|orally|p\.?o\.?|sublingually|under the tongue|sl|subcutaneously|under the skin|subcut|subq|sc|"
    r"intramuscularly|im|intravenously|iv|topically|to (?:the )?skin|rectally|vaginally|via inhalation|by inhalation"
)
_COUNTED = rf"(?:(?:once|twice|thrice)|(?:{_NUMBER}) times?)"
_HOURS = r"(?:hours?|hrs?|h)"
_PHRASES = "|".join(sorted(map(re.escape, _PER_DAY), key=len, reverse=True))
_FREQUENCY = (
    rf"(?P<frequency>(?P<times>{_COUNTED}) (?P<per>daily|weekly|(?:a|per|each|every) (?:day|week))"
    rf"|(?:every|q) ?(?P<every>{_RANGE}) ?(?P<period>{_HOURS}|days?|weeks?)"
    rf"|(?P<phrase>{_PHRASES}))"
)
_MOMENT = (
    r"(?P<moment> (?:in the (?:morning|evening|morning and (?:in the )?evening)|"
    r"at (?:bedtime|night|breakfast|lunch|dinner)|"
    r"(?:with|before|after) (?:a meal|meals?|food|breakfast|lunch|dinner|supper|evening meal|water|milk)))?"
)
_NOT_A_REASON = (
    r"(?:the|a|and|or|but|plus|at|every|first|then|until|unless|next|up|max|not|no|taper|daily|once|twice|thrice|"
    rf"days?|weeks?|{'|'.join(_WORDS)})\b"
)
_REASON = rf"(?:(?<=prn )|for )(?!{_NOT_A_REASON})[a-z/]+(?: (?!{_NOT_A_REASON})[a-z/]+){{0,3}}"
_DURATION = rf"(?:for|x) ?(?P<length>{_NUMBER}) (?P<length_unit>days?|weeks?)"
_MOST = (
    r"(?:max(?:imum)?(?: of)?|not to exceed|do not exceed|no more than|up to) ?"
    rf"(?P<most>{_NUMBER}) ?(?P<most_unit>{_UNIT})? ?(?:(?:per|a|/|in a) ?day|daily|(?:in|per|/) ?24 ?{_HOURS})"
)
_PRN = r"(?P<prn>(?:only )?(?:as needed|if needed|when needed|as required|if required|prn))"
_SIG = re.compile(
    rf"(?:(?:{_VERB}) )?(?:(?P<amount>{_RANGE}) ?(?P<unit>{_UNIT})? ?)?(?:(?:{_ROUTE}) )?(?:{_FREQUENCY}{_MOMENT})?"
    rf"(?: (?:{_ROUTE}))?(?: ?{_PRN})?(?: (?P<reason>{_REASON}))?(?: {_DURATION})?(?:[,;.] ?| )?(?:{_MOST})?"
)
_BLANKS = re.compile(r"\s+")


class Sig(msgspec.Struct, frozen=True):
    """What a text says: the upper end of ranges, with the lower end apart. None is "does not say".

    `most` is the most per day. `as_needed` is None when a reason is given but not whether the drug is taken only then.
    """

    amount: Amount | None = None
    least: float | None = None
    times_per_day: float | None = None
    fewest_per_day: float | None = None
    as_needed: bool | None = None
    most: Amount | None = None
    duration_days: float | None = None


def read_sig(text: str | None) -> Sig | None:
    """The text as a `Sig` if all of it is understood, else None."""
    return _read(text) if text and len(text) <= LONGEST_SIG else None


@lru_cache(maxsize=1024)
def _read(text: str) -> Sig | None:
    tidy = _BLANKS.sub(" ", text.lower().replace("–", "-").replace("(qualifier value)", "")).strip(" .")
    match = _SIG.fullmatch(tidy) if tidy else None
    if match is None or not any(match[group] for group in ("times", "every", "phrase", "prn")):
        return None
    part = match.groupdict()
    unit = part["unit"] or ""
    per_day = _per_day(part)
    return Sig(
        amount=_amount(part["amount"], unit, max),
        least=least.value if (least := _amount(part["amount"], unit, min)) else None,
        times_per_day=max(per_day, default=None),
        fewest_per_day=min(per_day, default=None),
        as_needed=True if part["prn"] else None if part["reason"] else False,
        most=_amount(part["most"], part["most_unit"] or unit),
        duration_days=_length(part["length"], part["length_unit"]),
    )


def reword(text: str, amount: float | None = None, frequency: str = "") -> str | None:
    """The text with another number as its amount, or another phrase as its frequency; every other word stays, and
    only a unit follows its number ("1 tablet", "2 tablets").

    None when the text is not understood whole, does not state it, states a range, or binds it to a moment of the day.
    """
    start = len(text) - len(text.lstrip(" ."))
    tidy = text.strip(" .")
    match = _SIG.fullmatch(tidy.lower()) if read_sig(text) and len(tidy.lower()) == len(tidy) else None
    group = "amount" if amount is not None else "frequency"
    if match is None or not match[group]:
        return None
    if (group == "amount" and len(_numbers(match["amount"])) > 1) or (group == "frequency" and match["moment"]):
        return None
    first, last = (start + place for place in match.span(group))
    if amount is None or not match["unit"]:
        return f"{text[:first]}{frequency or f'{amount:g}'}{text[last:]}"
    unit, end = (start + place for place in match.span("unit"))
    return f"{text[:first]}{amount:g}{text[last:unit]}{_inflect(text[unit:end], amount)}{text[end:]}"


def _inflect(unit: str, amount: float) -> str:
    """The unit in singular or plural, if it has both."""
    single = unit.removesuffix("s")
    if not {single.lower(), f"{single.lower()}s"} <= UNITS.keys():
        return unit
    return single if amount == 1 else f"{single}s"


def _amount(written: str | None, unit: str, end: Callable[[list[float]], float] = max) -> Amount | None:
    if not written:
        return None
    name, factor = UNITS[unit]
    return Amount(end(_numbers(written)) * factor, name)


def _per_day(part: dict[str, str | None]) -> list[float]:
    """Administrations per day, both ends of a range."""
    if part["phrase"]:
        return [_PER_DAY[part["phrase"]]]
    if part["times"] and part["per"]:
        times = _TIMES.get(part["times"]) or max(_numbers(part["times"].rpartition(" ")[0]))
        return [times / (7 if "week" in part["per"] else 1)]
    if part["every"] and part["period"]:
        days = {"d": 1.0, "w": 7.0, "h": 1 / 24}[part["period"][0]]
        return [1 / (each * days) for each in _numbers(part["every"]) if each]
    return []


def _length(number: str | None, unit: str | None) -> float | None:
    if not number or not unit:
        return None
    return max(_numbers(number)) * (7 if unit.startswith("week") else 1)


def _numbers(written: str) -> list[float]:
    """The numbers of a range: `1-2`, `4 to 6`, `one or two`, `1 1/2`."""
    return [_number(part) for part in re.findall(_NUMBER, written)]


def _number(written: str) -> float:
    if written in _WORDS:
        return _WORDS[written]
    whole, _, fraction = written.rpartition(" ")
    above, _, below = fraction.partition("/")
    value = float(above) / float(below) if below and float(below) else float(above)
    return value + (float(whole) if whole else 0.0)
