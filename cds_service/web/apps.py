"""Web applications that run beside the service without it knowing them: entry points of group `cds_service.apps`."""

from importlib.metadata import entry_points

from flask import Flask

from cds_service.app import Application

GROUP = "cds_service.apps"


def add_apps(app: Flask, application: Application) -> None:
    """Register what each installed app makes for `application`: a Flask blueprint, or None where it has no place."""
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        blueprint = entry.load()(application)
        if blueprint is not None:
            app.register_blueprint(blueprint)
