"""Where the data folders are: rules, models, cards, config."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
DATA_FOLDERS = ("rules", "models", "cards", "config")


def data_folder(name: str) -> Path:
    """The folder called `name`: `CDS_<NAME>` if set, else beside the package in a checkout, else inside the wheel."""
    if chosen := os.environ.get(f"CDS_{name.upper()}"):
        return Path(chosen)
    checkout = PACKAGE.parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / name
    return PACKAGE / "bundled" / name
