"""One more entry in the text of `clients.toml`, comments and other entries left as they are."""

from collections.abc import Mapping
from typing import Any

import tomlkit

from cds_service.trust.clients import read_clients


def add_client(text: str, entry: Mapping[str, Any], is_dev: bool) -> str:
    """`text` with `entry` at its end; values of None and empty lists are not written.

    Raises `BadSettings` when the file would then not be accepted.
    """
    written = {name: value for name, value in entry.items() if value is not None and value != []}
    added = f"{text.rstrip()}\n\n{tomlkit.dumps({'client': [written]})}".lstrip()
    read_clients(added, is_dev)
    return added
