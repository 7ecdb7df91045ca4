from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cds_service.presenting.text import escape_markdown, markdown_text, one_line, plain_text, shorten

GFM = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NASTY = st.text(st.sampled_from(list("ab1 \n\t#*_`[]()<>!|~\\&;:/.@-+=\"'‮\x00\u200b")), max_size=40)


def shown(markdown: str) -> tuple[list[str], str]:
    """Kinds of the inline parts of the only paragraph of a list item, and the text a reader sees."""
    blocks = GFM.parse(markdown)
    kinds = [block.type for block in blocks if not block.type.endswith("_close")]
    assert kinds == ["bullet_list_open", "list_item_open", "paragraph_open", "inline"]
    inline = blocks[3].children or []
    return [part.type for part in inline], "".join(part.content for part in inline)


@given(st.text(min_size=1) | NASTY)
@example("<script>alert(1)</script>")
@example("[click](javascript:alert(1))")
@example("![x](http://evil.example/pixel.png)")
@example("&lt;b&gt; &#60;")
@example("1. first")
@example("# heading")
@example("| a | b |\n|---|---|")
@example("\u2028- x")
@example("\\")
@example("---")
@example("    code")
@pytest.mark.requirement("CH-112")
def test_text_from_a_chart_shows_its_characters_and_does_nothing_else(text: str) -> None:
    safe = escape_markdown(text)
    assert "<" not in safe
    assert ">" not in safe
    if not safe:
        return
    kinds, seen = shown(f"- {safe} end")
    assert set(kinds) <= {"text", "text_special"}
    assert seen.removesuffix("end").replace(" ", "") == one_line(text).replace(" ", "")


@pytest.mark.parametrize(
    "text", ["http://evil.example/x", "HTTPS://evil.example", "www.evil.example", "me@evil.example"]
)
def test_addresses_do_not_become_links(text: str) -> None:
    # The autolink extension of GFM needs "://" behind the scheme, "www." and an unbroken local@domain.
    safe = escape_markdown(text).lower()
    assert "://" not in safe.replace(": //", "")
    assert "www." not in safe
    assert " @ " in safe or "@" not in safe


def test_invisible_characters_are_taken_out() -> None:
    assert one_line("ibu‮profen\u200b\r\n 600\tmg\x00") == "ibu profen 600 mg"
    assert one_line("ångström µg ≥ 5") == "ångström µg ≥ 5"


def test_shortening_keeps_within_the_limit_and_shows_that_it_did() -> None:
    assert shorten("warfarin sodium", 10) == "warfarin…"
    assert shorten("warfarin", 8) == "warfarin"


def plain(source: str, **context: Any) -> str:
    return plain_text(source).fill(context)


def test_plain_and_markdown_differ_only_in_what_they_insert() -> None:
    assert plain("**{{ name }}**", name="a*b*\n") == "**a*b***"
    assert markdown_text("**{{ name }}**").fill({"name": "a*b*\n"}) == r"**a\*b\***"


def test_a_text_says_which_names_it_asks_for() -> None:
    assert plain_text("{{ a.name }} and {{ inr }}").names == {"a", "inr"}


def test_a_name_the_context_lacks_is_an_error() -> None:
    with pytest.raises(KeyError):
        plain("{{ nothing }}")
    with pytest.raises(AttributeError):
        plain("{{ x.nothing }}", x="text")


def test_what_stands_around_names_stays_as_it_is() -> None:
    assert plain("{ {{a.real}}{{ b }} }} {\n", a=7, b="x") == "{ 7x }} {"


@pytest.mark.parametrize("source", ["{{ x.__class__ }}", "{{ ''.__class__.__mro__ }}", "{{ x.real.real }}", "{{ x"])
def test_a_text_cannot_reach_into_python(source: str) -> None:
    with pytest.raises(ValueError, match="only names"):
        plain(source, x=1)


@pytest.mark.parametrize("source", ["{{ range(3) }}", "{{ 1 }}", "{% include 'x' %}", "{{ [1]|random }}", "{# x #}"])
def test_a_text_has_names_and_nothing_else(source: str) -> None:
    with pytest.raises(ValueError, match="only names"):
        plain(source)
