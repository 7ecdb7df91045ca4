"""Modules of the page on their own: card details never become HTML, suggestions are applied as a transaction."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

Open = Callable[..., Page]

RENDER = """async (source) => {
    const { renderMarkdown } = await import("/console/static/markdown.js");
    const place = document.createElement("div");
    place.append(renderMarkdown(source));
    return place.innerHTML;
}"""
APPLY = """async ([drafts, actions]) => {
    const { applyActions } = await import("/console/static/orders.js");
    return applyActions(drafts, actions, () => "new-1");
}"""


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("plain", "<p>plain</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("one\n\ntwo", "<p>one</p><p>two</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("- a\n  - b\n  - c\n- d", "<ul><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ul>"),
        ("  - a", "<p>  - a</p>"),
        ("**Why:** because", "<p><strong>Why:</strong> because</p>"),
        (r"\*not bold\*, 5 \< 6, C:\\x", r"<p>*not bold*, 5 &lt; 6, C:\x</p>"),
        ("a &lt;b&gt; &amp; c &quot;", "<p>a &lt;b&gt; &amp; c &amp;quot;</p>"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        (
            r"[FDA \[label\]](https://example.org/a)",
            '<p><a href="https://example.org/a" target="_blank" rel="noopener noreferrer">FDA [label]</a></p>',
        ),
        ('[x](https://e.org/"onclick=)', '<p>[x](https://e.org/"onclick=)</p>'),
    ],
)
def test_card_details_become_paragraphs_lists_bold_and_links_and_nothing_else(
    open_page: Open, source: str, shown: str
) -> None:
    assert open_page("/").evaluate(RENDER, source) == shown


def apply(page: Page, drafts: list[dict[str, Any]], actions: list[dict[str, Any]]) -> Any:
    return page.evaluate(APPLY, [drafts, actions])


def test_a_suggestion_deletes_then_creates_then_updates(open_page: Open) -> None:
    drafts = [{"resourceType": "MedicationRequest", "id": "a"}, {"resourceType": "MedicationRequest", "id": "b"}]
    actions = [
        {"type": "update", "description": "u", "resource": {**drafts[1], "note": "changed"}},
        {"type": "create", "description": "c", "resource": {"resourceType": "ServiceRequest"}},
        {"type": "delete", "description": "d", "resourceId": "MedicationRequest/a"},
    ]
    done = apply(open_page("/"), drafts, actions)
    assert done == {
        "drafts": [{**drafts[1], "note": "changed"}, {"resourceType": "ServiceRequest", "id": "new-1"}],
        "left": [],
    }


def test_an_action_on_something_that_is_no_draft_is_left_and_named(open_page: Open) -> None:
    actions = [
        {"type": "delete", "description": "Stop warfarin", "resourceId": "MedicationRequest/active"},
        {"type": "update", "description": "Less digoxin", "resource": {"resourceType": "MedicationRequest", "id": "x"}},
    ]
    assert apply(open_page("/"), [], actions) == {"drafts": [], "left": ["Stop warfarin", "Less digoxin"]}
