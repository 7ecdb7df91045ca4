from tests.support.service import application, flask_app

__all__ = ["application", "flask_app"]
