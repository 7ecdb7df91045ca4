"""Writing a recalibrated version into a model's folder, and taking it back.

`recalibrations.json` holds every version with its data window, sizes and measures before and after; the last one is in
force. Each entry keeps what it replaced, so any number of them can be taken back in turn.
"""

import csv
import json
import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from cds_service.errors import BadData
from cds_service.knowledge.bundle import Bundle
from cds_service.modelling.measures import recalibrated
from cds_service.modelling.recalibrate import Update, join_steps

HISTORY = "recalibrations.json"
KEPT = ("bundle.toml", "calibration.json", "golden.csv")
VERSION = re.compile(r'^version = "(\d+)\.(\d+)\.(\d+)"', re.MULTILINE)


def write_version(folder: Path, bundle: Bundle, update: Update, window: str, approved_by: str) -> str:
    """Write calibration.json, golden.csv and the next version number; gives that number.

    `window` says which data (it may not be the development data), `approved_by` who answers for it.
    """
    if not window.strip() or window == bundle.development.data:
        raise BadData("an update names the window of data it was fitted on, and those are not the development data")
    calibration = {**join_steps(bundle.calibration, update.step), "data": window}
    replaced = {name: (folder / name).read_text("utf-8") for name in KEPT if (folder / name).exists()}
    toml, version = next_version(replaced["bundle.toml"])
    entry = {
        "version": version,
        "replaces": bundle.version,
        "data": window,
        "approved_by": approved_by,
        "n": update.n,
        "events": update.events,
        "kind": update.step.kind,
        "p_values": dict(update.p_values),
        "before": dict(update.before),
        "after": dict(update.after),
        "calibration": calibration,
        "replaced": replaced,
    }
    write_json(folder / HISTORY, [*read_history(folder), entry])
    write_json(folder / "calibration.json", calibration)
    (folder / "golden.csv").write_text(move_golden(replaced["golden.csv"], update), "utf-8")
    (folder / "bundle.toml").write_text(toml, "utf-8")
    return version


def take_back(folder: Path) -> str:
    """Restore what the last recalibration replaced; gives the version now in force. Raises `BadData` without any."""
    history = read_history(folder)
    if not history:
        raise BadData(f"{folder.name} was not recalibrated: there is nothing to take back")
    last = history[-1]
    for name in KEPT:
        if name in last["replaced"]:
            (folder / name).write_text(last["replaced"][name], "utf-8")
        else:
            (folder / name).unlink(missing_ok=True)
    write_json(folder / HISTORY, history[:-1])
    return str(last["replaces"])


def read_history(folder: Path) -> list[dict[str, Any]]:
    file = folder / HISTORY
    found: list[dict[str, Any]] = json.loads(file.read_text("utf-8")) if file.exists() else []
    return found


def next_version(toml: str) -> tuple[str, str]:
    """bundle.toml with the last number of its version raised by one, and that version."""
    found = VERSION.search(toml)
    if found is None:
        raise BadData('bundle.toml has no line version = "1.2.3"')
    version = f"{found[1]}.{found[2]}.{int(found[3]) + 1}"
    return VERSION.sub(f'version = "{version}"', toml, count=1), version


def move_golden(text: str, update: Update) -> str:
    """golden.csv with every expected result after the step."""
    rows = list(csv.DictReader(StringIO(text)))
    expected = np.array([float(row["expected"]) for row in rows])
    moved = recalibrated(expected, update.step.intercept, update.step.slope)
    out = StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "expected": repr(float(value))} for row, value in zip(rows, moved, strict=True))
    return out.getvalue()


def write_json(file: Path, document: Mapping[str, Any] | list[dict[str, Any]]) -> None:
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
