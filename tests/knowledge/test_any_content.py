"""Whatever stands in a knowledge file, it compiles or is explained; nothing crashes the checker."""

import tomllib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.errors import BadKnowledge
from cds_service.knowledge.compile import compile_library
from cds_service.knowledge.library import read_library
from cds_service.knowledge.page import find_line
from cds_service.knowledge.sources import Sources, plain, read_rows
from tests.knowledge.shelves import SHELF, load_shelf
from tests.support.small_terminology import SmallTerminology

SHELVES = load_shelf()
TERMINOLOGY = SmallTerminology()
HEADINGS = ("key,ingredient,limit,source,reviewed", "ingredient,limit", "", "key,key,limit,source,reviewed,ingredient")
FILES = sorted(SHELVES.documents)
CHANGE = plain(
    tomllib.loads('[[change]]\nrule = "warfarin-nsaid"\nreason = "r"\nby = "b"\nthresholds = { "grade[1].when" = 5 }')
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5000)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
)
words = st.sampled_from(
    ["inr", "nsaid", "this.daily_dose", "a.is_new", "{{ inr }}", "{{ row.limit }}", "{% if", "P30D"]
)
values = st.recursive(
    scalars | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | words, inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a document."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of `value` with `new` at the path."""
    if not path:
        return new
    first, *rest = path
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[first] = put(copied[first], tuple(rest), new)
    return copied


def compile_any(sources: Sources) -> None:
    library = read_library(sources, TERMINOLOGY)
    for id in library.written:
        library.examples(id)
    with suppress(BadKnowledge):
        compile_library(library, sources)
    assert all(problem.message for problem in library.pages.problems)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_value_in_any_place_compiles_or_is_explained(data: st.DataObject) -> None:
    documents = {**SHELVES.documents, "config/site/house.toml": CHANGE}
    file = data.draw(st.sampled_from([*FILES, "config/site/house.toml"]))
    path = data.draw(st.sampled_from(list(places(documents[file]))))
    documents[file] = put(documents[file], path, data.draw(values))
    compile_any(Sources(documents, SHELVES.rows, SHELVES.texts))


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(st.text(alphabet='16,"#\n abc.', max_size=30), max_size=4), heading=st.sampled_from(HEADINGS))
def test_any_rows_in_a_table_compile_or_are_explained(lines: list[str], heading: str) -> None:
    rows = read_rows("\n".join([heading, *lines]))
    compile_any(Sources(SHELVES.documents, {**SHELVES.rows, "rules/tables/daily-maximum.csv": rows}, SHELVES.texts))


@given(text=st.text(max_size=200), where=st.text(alphabet="ab.[]12", max_size=12))
def test_looking_for_a_line_finds_one_or_none(text: str, where: str) -> None:
    line = find_line(text, where)
    assert line is None or 1 <= line <= text.count("\n") + 1


def test_a_line_is_found_in_nested_tables_and_arrays() -> None:
    text = (SHELF / "rules/warfarin-nsaid.toml").read_text(encoding="utf-8")
    lines = text.splitlines()

    def line_at(where: str) -> str:
        return lines[(find_line(text, where) or 0) - 1].strip()

    assert line_at("snooze") == 'snooze = "P30D"'
    assert line_at("when.b.ingredient_in") == 'b = { ingredient_in = "warfarin" }'
    assert line_at("grade[2].when.any[2]") == '{ fact = "conditions", any_in = "gi-bleed", ever = true },'
    assert line_at("example[3].expect.outcome") == 'outcome = "undetermined"'
    assert line_at("example[2].order[1]").startswith('order = ["acetaminophen')
    assert line_at("card.nothing") == "[card]"
