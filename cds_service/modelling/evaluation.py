"""evaluation.json of a model, as the last evaluation wrote it."""

import json
from pathlib import Path
from typing import Any

from cds_service.errors import BadData

EVALUATION = "evaluation.json"


def read_evaluation(folder: Path) -> dict[str, Any]:
    """Raises `BadData` for a model without one."""
    file = folder / EVALUATION
    if not file.exists():
        raise BadData(f"{folder.name} was not evaluated: `cds models validate {folder.name} DATA --cross-validate`")
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found
