"""How gunicorn runs this service."""

import os
from typing import Any

from cds_service.settings import Settings


def gunicorn_options(settings: Settings) -> dict[str, Any]:
    """gunicorn's settings. Each worker has its own listening socket (`reuse_port`): with a shared one, keep-alive
    connections pile up on one worker. The control socket would accept commands from any process of this user."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "bind": f"{host}:{settings.port}",
        "workers": settings.workers or os.cpu_count() or 1,
        "worker_class": "cds_service.web.listening.PunctualWorker",
        "threads": settings.threads,
        "reuse_port": True,
        "preload_app": False,
        "control_socket_disable": True,
        "proc_name": "cds",
        "loglevel": "warning",
    }
