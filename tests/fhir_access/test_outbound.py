"""Connections to elsewhere are bounded in time and bytes, and believe nothing the environment says."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socket import socket
from threading import Event, Thread

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from cds_service.fhir.client import FhirClient
from cds_service.fhir.queries import Query
from cds_service.fhir.received import KeyResult, Reason
from cds_service.outbound import NoAnswer, Outbound, Trouble

MUCH = 1_000_000
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@contextmanager
def raw_server(speak: Callable[[socket, int], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers its connections, counted from 0, with `speak`; yields its URL and what it was sent."""
    heard: list[bytes] = []
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            for number in range(100):
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(65_536))
                    with suppress(OSError):
                        speak(connection, number)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
        listener.shutdown(2)
    thread.join(5)


def get(url: str, seconds: float = 5.0, most_bytes: int = MUCH, bearer: str = "") -> bytes:
    outbound = Outbound()
    with outbound.session:
        return outbound.get(url, "application/json", time.monotonic() + seconds, most_bytes, bearer).body


def test_a_broken_connection_is_tried_once_more() -> None:
    def speak(connection: socket, number: int) -> None:
        if number > 0:
            connection.sendall(WHOLE)

    with raw_server(speak) as (url, heard):
        assert get(url) == b"{}"
    assert len(heard) == 2


def test_a_connection_that_breaks_twice_is_given_up() -> None:
    with raw_server(lambda connection, number: None) as (url, heard), pytest.raises(NoAnswer) as raised:
        get(url)
    assert raised.value.trouble is Trouble.UNREACHABLE
    assert len(heard) == 2


def test_a_body_that_breaks_off_is_not_taken_for_whole() -> None:
    def speak(connection: socket, number: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")

    with raw_server(speak) as (url, _), pytest.raises(NoAnswer, match="cannot be reached"):
        get(url)


def test_a_form_is_sent_once() -> None:
    with raw_server(lambda connection, number: None) as (url, heard), pytest.raises(NoAnswer):
        Outbound().post(url, {"a": "b"}, time.monotonic() + 5, MUCH)
    assert len(heard) == 1


def test_nothing_is_sent_after_the_deadline() -> None:
    too_late = pytest.raises(NoAnswer, match="did not answer in time")
    with raw_server(lambda connection, number: connection.sendall(WHOLE)) as (url, heard), too_late:
        get(url, seconds=-1)
    assert heard == []


def test_a_dripping_body_ends_with_the_deadline() -> None:
    over = Event()

    def drip(connection: socket, number: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        while not over.wait(0.02):
            connection.sendall(b" ")

    with raw_server(drip) as (url, _):
        started = time.monotonic()
        with pytest.raises(NoAnswer, match="did not answer in time"):
            get(url, seconds=0.2)
        assert time.monotonic() - started < 1.2
        over.set()


def test_dripping_headers_hold_up_a_thread_but_not_the_call() -> None:
    over = Event()

    def drip(connection: socket, number: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.02):
            connection.sendall(b"x")

    with raw_server(drip) as (url, _):
        client = FhirClient(Outbound())
        started = time.monotonic()
        found = client.read_all(url, {"patient": Query("Patient/1", "Patient")}, "", started + 0.2)
        assert time.monotonic() - started < 1.2
        over.set()
        client.threads.shutdown()
    assert found == {"patient": KeyResult(reason=Reason.TIMED_OUT)}


def test_a_small_answer_that_unpacks_to_a_large_one_is_given_up(elsewhere_server: HTTPServer) -> None:
    import gzip

    elsewhere_server.clear()
    packed = gzip.compress(b" " * 10 * MUCH)
    elsewhere_server.expect_request("/").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    with pytest.raises(NoAnswer, match="sent more than is accepted"):
        get(elsewhere_server.url_for("/"))


def test_a_redirect_is_an_answer_and_leads_nowhere(elsewhere_server: HTTPServer) -> None:
    elsewhere_server.clear()
    there = elsewhere_server.url_for("/there")
    elsewhere_server.expect_request("/here").respond_with_data(status=302, headers={"Location": there})
    assert get(elsewhere_server.url_for("/here"), bearer="secret") == b""
    assert [request.path for request, _ in elsewhere_server.log] == ["/here"]


def test_proxies_and_certificates_of_the_environment_do_not_count(
    elsewhere_server: HTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NETRC", f"{tmp_path}/netrc")
    assert get(elsewhere_server.url_for("/x"))
    assert Outbound(ca_bundle="ours.pem").session.verify == "ours.pem"


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "http://[/", "nowhere:", f"http://{'a' * 300}.example/"])
def test_an_impossible_address_cannot_be_reached(url: str) -> None:
    with pytest.raises(NoAnswer, match="cannot be reached"):
        get(url)


def test_the_token_goes_with_the_request_it_is_given_for_only(elsewhere_server: HTTPServer) -> None:
    sent: list[str | None] = []

    def note(request: Request) -> Response:
        sent.append(request.headers.get("Authorization"))
        return Response("{}")

    elsewhere_server.clear()
    elsewhere_server.expect_request("/").respond_with_handler(note)
    outbound = Outbound()
    with outbound.session:
        for bearer in ("secret", ""):
            outbound.get(elsewhere_server.url_for("/"), "application/json", time.monotonic() + 5, MUCH, bearer)
    assert sent == ["Bearer secret", None]
