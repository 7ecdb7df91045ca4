"""gunicorn around the Flask application."""

import gc
from dataclasses import replace

from flask import Flask
from gunicorn.app.base import BaseApplication

from cds_service.app import Application
from cds_service.monitoring.meters import Meters, forget_process, prepare_folder
from cds_service.web.gunicorn_options import gunicorn_options
from cds_service.web.routes import make_flask


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn serving one application. Workers are forked from it: all run the same release and share its memory."""

    def __init__(self, application: Application) -> None:
        self.application = application
        super().__init__()

    def load_config(self) -> None:
        for name, value in gunicorn_options(self.application.settings).items():
            self.cfg.set(name, value)
        self.cfg.set("worker_exit", lambda server, worker: self.application.close())

        self.cfg.set("child_exit", lambda server, worker: forget_process(worker.pid))

    def load(self) -> Flask:
        """The application of one worker, which gunicorn asks for after the fork."""
        self.application.start()
        return make_flask(replace(self.application, meters=Meters()))


def run_server(application: Application) -> None:
    """Serve until told to stop.

    What was made so far, the release above all, stays for good: the garbage collector need not look through it again,
    and its memory stays shared between workers.
    """
    prepare_folder(application.settings.home / "metrics")
    gc.collect()
    gc.freeze()
    Server(application).run()
