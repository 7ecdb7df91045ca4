"""What a start costs: reading the compiled release, against compiling it from its files."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cds_service.app import open_terminology, read_folders, release_path
from cds_service.governance.release_file import load_release, save_release
from cds_service.knowledge.compile import compile_release
from cds_service.settings import Settings

ROUNDS = 5
# In a process of its own, as a server starts: nothing imported, nothing kept from before.
PRODUCTION = """
import sys, time
from pathlib import Path
from cds_service.app import build
from cds_service.settings import Settings
imported = time.process_time()
build(Settings(profile="production", home=Path(sys.argv[1])), write=lambda record, milliseconds: None)
print(imported, time.process_time() - imported)
"""


def measure_start() -> dict[str, float]:
    """CPU seconds of each step (median), of a production start in a fresh process, and the size of the release."""
    terminology, sources = open_terminology(), read_folders()
    with tempfile.TemporaryDirectory() as folder:
        path = release_path(Settings(home=Path(folder)))
        save_release(path, compile_release(sources, terminology))
        starts = [start(folder) for _ in range(ROUNDS)]
        return {
            "compile_s": seconds(lambda: compile_release(sources, terminology)),
            "read_release_s": seconds(lambda: load_release(path, terminology)),
            "read_folders_s": seconds(read_folders),
            "imports_s": statistics.median(imports for imports, _ in starts),
            "production_s": statistics.median(built for _, built in starts),
            "release_mb": path.stat().st_size / 1e6,
        }


def seconds(step: Callable[[], Any]) -> float:
    """CPU of one step."""
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time()
        step()
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def start(home: str) -> tuple[float, float]:
    """CPU seconds of a new process until everything is imported, and from there until it could answer."""
    ran = subprocess.run([sys.executable, "-c", PRODUCTION, home], check=True, capture_output=True, text=True)
    imports, built = ran.stdout.split()
    return float(imports), float(built)
