"""gunicorn around the Flask application."""

import os
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from cds_service.app import Application
from cds_service.settings import Settings
from cds_service.web.routes import make_flask


def gunicorn_options(settings: Settings) -> dict[str, Any]:
    """gunicorn's settings. Each worker has its own listening socket (`reuse_port`): with a shared one, keep-alive
    connections pile up on one worker. The control socket would accept commands from any process of this user."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "bind": f"{host}:{settings.port}",
        "workers": settings.workers or os.cpu_count() or 1,
        "worker_class": "gthread",
        "threads": settings.threads,
        "reuse_port": True,
        "preload_app": False,
        "control_socket_disable": True,
        "proc_name": "cds",
        "loglevel": "warning",
    }


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn serving one application. Workers are forked from it: all run the same release and share its memory."""

    def __init__(self, application: Application) -> None:
        self.application = application
        super().__init__()

    def load_config(self) -> None:
        for name, value in gunicorn_options(self.application.settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return make_flask(self.application)


def run_server(application: Application) -> None:
    """Serve until told to stop."""
    Server(application).run()
