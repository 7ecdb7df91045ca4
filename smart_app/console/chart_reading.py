"""The chart as the service understood it, from the trace of an answer: what it read, and what it does not know."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.presenting.wording import LIST_REASONS, fact_label, say_date, say_reason, say_value, sentence
from smart_app.console.trace_facts import Json, read_fact, read_moment


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what it is called, what is said of it, and a remark in smaller print."""

    name: str
    text: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ListReading:
    """A list of the chart. `gap` says why it is not whole, empty when it is; `strange` is what nobody recognised."""

    title: str
    entries: tuple[Entry, ...]
    strange: tuple[str, ...]
    gap: str

    @property
    def empty(self) -> bool:
        """Read whole and with nothing on it, which is not the same as not read."""
        return not (self.entries or self.strange or self.gap)


@dataclass(frozen=True, slots=True)
class ChartReading:
    """Lists, values with dates, values not known, what arrived per prefetch key, and what was ignored while reading."""

    lists: tuple[ListReading, ...]
    values: tuple[Entry, ...]
    not_known: tuple[Entry, ...]
    arrived: tuple[Entry, ...]
    notes: tuple[str, ...]


def read_chart(trace: Json) -> ChartReading:
    """The chart inside the trace extension of a response. Raises KeyError, TypeError or ValueError for another."""
    chart, now = trace["chart"], datetime.fromisoformat(trace["now"])
    facts = {name: read_fact(fact) for name, fact in chart["values"].items()}
    return ChartReading(
        lists=(
            read_list("Allergies", chart["allergies"], [Entry(item["name"]) for item in listed(chart, "allergies")]),
            read_list("Medications", chart["medications"], medications(chart, now)),
            read_list("Active problems", chart["conditions"], problems(chart)),
        ),
        values=once(value_entry(name, fact, now) for name, fact in facts.items() if isinstance(fact, Known)),
        not_known=once(unknown_entry(name, fact, now) for name, fact in facts.items() if isinstance(fact, Unknown)),
        arrived=tuple(Entry(key, state) for key, state in trace["prefetch"].items()),
        notes=tuple(trace["notes"]),
    )


def once(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Every entry once: an age in years and one in months read alike."""
    return tuple(dict.fromkeys(entries))


def listed(chart: Json, name: str) -> list[Json]:
    items: list[Json] = chart[name].get("items", [])
    return items


def read_list(title: str, told: Json, entries: list[Entry]) -> ListReading:
    strange = tuple(item["text"] for item in told.get("unrecognised", ()))
    if told["complete"]:
        return ListReading(title, tuple(entries), strange, "")
    why = LIST_REASONS[Reason(told["reason"])]
    return ListReading(title, tuple(entries), strange, f"This list {why}. There may be more than is shown.")


def medications(chart: Json, now: datetime) -> list[Entry]:
    """Active drugs with dose and start; those that a draft renews are on the list too."""
    drugs = [*listed(chart, "medications"), *chart.get("continued", {}).values()]
    return [Entry(drug["name"], say_sig(drug), say_standing(drug, now)) for drug in drugs]


def say_sig(drug: Json) -> str:
    """The sig as written, else the amounts per day, else that no dose is known."""
    dose = drug.get("dose", {})
    if "text" in dose:
        return str(dose["text"])
    names = {each["rxcui"]: each["name"] for each in drug.get("ingredients", ())}
    daily = {rxcui: read_fact(fact) for rxcui, fact in dose.get("daily", {}).items()}
    said = [say_amount(names, rxcui, fact) for rxcui, fact in daily.items() if isinstance(fact, Known)]
    return ", ".join(said) or "dose not known"


def say_amount(names: dict[str, str], rxcui: str, amount: Fact[Any]) -> str:
    """The amount per day, with the ingredient's name where the product holds several."""
    said = say_value(amount) if isinstance(amount, Known) else ""
    return said if len(names) == 1 else f"{names.get(rxcui, rxcui)} {said}"


def say_standing(drug: Json, now: datetime) -> str:
    since = say_date(read_moment(drug.get("authored")), now)
    by_name = drug.get("recognisedBy") == "recognised by name"
    return "; ".join(([f"since {since}"] if since else []) + (["recognised by name only"] if by_name else []))


def problems(chart: Json) -> list[Entry]:
    """Active problems, each once; resolved ones are history."""
    names = dict.fromkeys(item["name"] for item in listed(chart, "conditions") if item.get("active", True))
    return [Entry(name) for name in names]


def value_entry(name: str, fact: Known[Any], now: datetime) -> Entry:
    """A value of this very moment, such as an age, has no date."""
    remark = say_date(fact.as_of, now) if fact.as_of != now else ""
    return Entry(sentence(fact_label(name)), say_value(fact), remark)


def unknown_entry(name: str, fact: Unknown, now: datetime) -> Entry:
    label = fact_label(name)
    detail = (fact.detail or say_date(fact.as_of, now)).removeprefix(f"{label} ").removeprefix("of ")
    return Entry(sentence(label), say_reason(fact.reason, detail))
