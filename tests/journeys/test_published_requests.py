"""Every published example, posted to every service of the running application: 200, 400 or 412, never 5xx."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.app import Application
from tests.support.requests import HOOK_INSTANCE
from tests.support.schemas import problems
from tests.support.shared import SHARED, needs_shared

pytestmark = [needs_shared, pytest.mark.shared]

FOLDER = SHARED / "data" / "cds-hooks" / "examples"
FILES = sorted(FOLDER.glob("*.json")) if FOLDER.is_dir() else []
LONG_ID = "p" * 300


def as_requests(example: Any, hook: str) -> list[Any]:
    """The example as it is, and as the context or the whole request of `hook`."""
    wrapped = {"hook": hook, "hookInstance": HOOK_INSTANCE, "context": example}
    if isinstance(example, dict) and isinstance(example.get("context"), dict):
        return [example, {"hookInstance": HOOK_INSTANCE, **example, "hook": hook}]
    return [example, wrapped]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_published_example_is_answered_or_refused(path: Path, client: FlaskClient, application: Application) -> None:
    example = json.loads(path.read_text(encoding="utf-8-sig"))
    for service in application.release.services:
        for request in as_requests(example, service.hook):
            answer = client.post(f"/cds-services/{service.id}", json=request)
            assert answer.status_code in {200, 400, 412}, (service.id, answer.get_data(as_text=True))
            if answer.status_code == 200:
                assert problems("response", answer.data) == []
            else:
                assert answer.get_json()["resourceType"] == "OperationOutcome"
