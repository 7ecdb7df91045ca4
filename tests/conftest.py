"""What tests of several folders share. A fixture that two conftests import is made twice; these are made once."""

from tests.support.databases import database_url, empty_file, postgresql
from tests.support.service import application, client, client_of, flask_app

__all__ = ["application", "client", "client_of", "database_url", "empty_file", "flask_app", "postgresql"]
