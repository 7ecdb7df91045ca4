from tests.support.service import application, client, client_of, flask_app

__all__ = ["application", "client", "client_of", "flask_app"]
