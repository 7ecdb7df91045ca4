"""What stands behind a card: the source attributes of a rule or model, as a page and as JSON.

It is asked for by id, or by the code of a card's topic in the dialect of the client.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from typing import Any

from flask import Flask, Response, request

from cds_service.app import Application
from cds_service.folders import data_folder
from cds_service.knowledge.attributes import as_document, rule_attributes
from cds_service.knowledge.model_attributes import model_attributes
from cds_service.knowledge.release import Release
from cds_service.presenting.topics import MORE, NOT_CHECKED, TITLES, find_id
from cds_service.web.guards import anyone, open_to
from cds_service.web.problems import UnknownKnowledge, answer_with

STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;"
    "border-bottom:1px solid #767676}.missing{color:#5c5c5c;font-style:italic}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}';"
    " frame-ancestors 'none'"
)
WITHOUT_KNOWLEDGE = {
    MORE: "This card counts findings that rank lower than those on the other cards and were held back by the limit on"
    " cards. It names each of them; the card's extension has the ids of their rules, and each rule has a page here.",
    NOT_CHECKED: "This card lists what could not be checked: lists that were not read, drugs that were not recognised,"
    " values that are missing or too old. No rule or model stands behind it.",
}
"""What is said of cards that no single rule or model gives."""


def add_knowledge_route(app: Flask, application: Application) -> None:
    @app.get("/knowledge/<id>")
    @open_to(anyone)
    def show_knowledge(id: str) -> Response:
        document = describe_topic(application.arms.releases, id)
        if request.accept_mimetypes.best_match(("text/html", "application/json")) == "application/json":
            return answer_with(200, json.dumps(document, ensure_ascii=False).encode())
        response = Response(page(document), mimetype="text/html")
        response.headers["Content-Security-Policy"] = POLICY
        return response


def describe_topic(releases: Iterable[Release], code: str) -> dict[str, Any]:
    """What a topic's code stands for, in the first of these releases that knows it. Raises `UnknownKnowledge`."""
    for release in releases:
        id = find_id(code, {*WITHOUT_KNOWLEDGE, *release.rules, *(bundle.id for bundle in release.models)})
        if id in WITHOUT_KNOWLEDGE:
            return {"id": id, "kind": "card", "title": TITLES[id], "text": WITHOUT_KNOWLEDGE[id]}
        if id is not None:
            return describe_knowledge(release, id)
    raise UnknownKnowledge


def describe_knowledge(release: Release, id: str) -> dict[str, Any]:
    """The attributes of the rule or model of this id. Raises `UnknownKnowledge`."""
    if rule := release.rules.get(id):
        head = {"title": rule.title, "version": rule.version, "status": rule.status.value}
        return as_document("rule", id, head, rule_attributes(rule))
    bundle = next((each for each in release.models if each.id == id), None)
    if bundle is None:
        raise UnknownKnowledge
    status = f"off: {release.models_off[id]}" if id in release.models_off else bundle.status.value
    head = {"title": bundle.title, "version": bundle.version, "status": status}
    return as_document("model", id, head, model_attributes(bundle, read_evaluation(id)))


def read_evaluation(id: str) -> Mapping[str, Any] | None:
    """What the evaluation of a model of the release found; None where it was not evaluated."""
    file = data_folder("models") / id / "evaluation.json"
    if not file.is_file():
        return None
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def page(document: Mapping[str, Any]) -> str:
    """The document as one page that needs nothing else."""
    named = " ".join(document[name] for name in ("id", "version") if name in document)
    title = escape(f"{document['title']} ({named})")
    body = f"<p>{escape(document['text'])}</p>" if "text" in document else table(document)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    )


def table(document: Mapping[str, Any]) -> str:
    """The source attributes of a rule or model."""
    rows = "".join(row(each) for each in document["attributes"])
    return (
        f"<p>{escape(document['kind'])}, {escape(document['status'])}. Source attributes, "
        f"{escape(document['regulation'])}.</p><table><thead><tr><th scope=col>Place</th><th scope=col>Attribute</th>"
        f"<th scope=col>What is known</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def row(attribute: Mapping[str, str]) -> str:
    if "value" in attribute:
        said = f"<td>{escape(attribute['value'])}</td>"
    else:
        said = f'<td class="missing">not available because: {escape(attribute["notAvailableBecause"])}</td>'
    return f"<tr><td>{escape(attribute['place'])}</td><th scope=row>{escape(attribute['name'])}</th>{said}</tr>"
