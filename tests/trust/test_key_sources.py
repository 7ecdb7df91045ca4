"""Keys behind an address: fetched rarely, within bounds, and never from anywhere else."""

import json
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from threading import Barrier, Event, Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from cds_service.errors import NotTrusted
from cds_service.outbound import NoAnswer, Outbound
from cds_service.trust.client_token import verify_token
from cds_service.trust.fetching import MOST_KEY_SET_BYTES, NotFetched, fetch_document, key_set_fetch
from cds_service.trust.key_set import PublicKey
from cds_service.trust.key_sources import COOL_DOWN_S, FRESH_S, KEPT_S, Published, open_key_sources
from tests.support.tokens import CLOCK, EHR, ISSUER, SIGN, Signer, a_client

URL = "https://ehr.example.org/jwks.json"
NEXT = Signer(kind="P-384 next", kid="key-2")


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


class Shelf:
    """A key set as its owner changes it; counts how often it was fetched. None cannot be reached."""

    def __init__(self, *signers: Signer) -> None:
        self.signers: tuple[Signer, ...] | None = signers
        self.fetched = 0

    def fetch(self, url: str) -> bytes:
        assert url == URL
        self.fetched += 1
        if self.signers is None:
            raise NotFetched("answered with status 503")
        return json.dumps({"keys": [signer.jwk for signer in self.signers]}).encode()


def published(shelf: Shelf, clock: Clock) -> Published:
    return Published(URL, accept_published=False, fetch=shelf.fetch, clock=clock)


def why(source: Published, kid: str) -> str:
    with pytest.raises(NotTrusted) as refused:
        source.find(kid)
    return refused.value.why


@pytest.mark.requirement("CH-197")
def test_nothing_is_fetched_before_it_is_needed_and_then_not_again_for_ten_minutes() -> None:
    shelf, clock = Shelf(EHR), Clock()
    source = published(shelf, clock)
    assert shelf.fetched == 0
    for _ in range(5):
        assert source.find("key-1").kid == "key-1"
    assert shelf.fetched == 1
    clock.pass_by(FRESH_S + 1)
    source.find("key-1")
    assert shelf.fetched == 2


@pytest.mark.requirement("CH-197")
def test_a_new_key_is_found_by_one_more_fetch() -> None:
    shelf, clock = Shelf(EHR), Clock()
    source = published(shelf, clock)
    source.find("key-1")
    shelf.signers = (EHR, NEXT)
    clock.pass_by(COOL_DOWN_S)
    assert source.find("key-2").kid == "key-2"
    assert shelf.fetched == 2


@pytest.mark.requirement("CH-197")
def test_a_key_taken_back_is_refused_after_ten_minutes() -> None:
    shelf, clock = Shelf(EHR, NEXT), Clock()
    source = published(shelf, clock)
    source.find("key-1")
    shelf.signers = (NEXT,)
    clock.pass_by(FRESH_S + 1)
    assert "kid 'key-1' is not in the key set" in why(source, "key-1")


@pytest.mark.requirement("CH-197")
def test_a_flood_of_unknown_kids_costs_one_fetch_in_half_a_minute() -> None:
    shelf, clock = Shelf(EHR), Clock()
    source = published(shelf, clock)
    source.find("key-1")
    clock.pass_by(COOL_DOWN_S)
    for number in range(200):
        assert "is not in the key set" in why(source, f"flood-{number}")
        clock.pass_by(0.1)
    assert shelf.fetched == 2
    source.find("key-1")
    for number in range(200):
        assert "is not in the key set" in why(source, f"flood-{number}")
        clock.pass_by(0.1)
    assert shelf.fetched == 3


@pytest.mark.requirement("CH-197")
def test_a_key_set_that_cannot_be_fetched_serves_from_memory_for_an_hour_and_is_asked_for_rarely() -> None:
    shelf, clock = Shelf(EHR), Clock()
    source = published(shelf, clock)
    source.find("key-1")
    shelf.signers = None
    while clock.seconds <= KEPT_S:
        source.find("key-1")
        clock.pass_by(10)
    assert shelf.fetched <= 1 + KEPT_S / COOL_DOWN_S
    assert why(source, "key-1") == f"key set {URL}: answered with status 503"
    shelf.signers = (EHR,)
    clock.pass_by(COOL_DOWN_S)
    assert source.find("key-1").kid == "key-1"


def test_threads_that_need_the_same_key_at_once_share_one_fetch() -> None:
    shelf, together = Shelf(EHR), Barrier(8)
    source = published(shelf, Clock())
    found: list[PublicKey] = []

    def ask() -> None:
        together.wait()
        found.append(source.find("key-1"))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), shelf.fetched) == (8, 1)


def test_keys_in_the_entry_are_used_and_nothing_is_fetched() -> None:
    def fail(url: str) -> bytes:
        raise AssertionError(url)

    (source,) = open_key_sources([a_client(keys=[EHR.jwk])], fail, Clock()).values()
    assert source.find("key-1").kid == "key-1"


@pytest.fixture
def stopped() -> Iterator[Event]:
    """Set when the test is over, for servers that would go on."""
    event = Event()
    yield event
    event.set()


def verify(server: HTTPServer, authorization: str, path: str = "/jwks.json", within_s: float = 2.0) -> str:
    """The reason why a token is refused whose key set is at `path` of a real server; empty if it is not."""
    client = a_client(key_set=server.url_for(path))
    outbound = Outbound()

    def fetch(url: str) -> bytes:
        return fetch_document(outbound, url, "application/json", within_s, MOST_KEY_SET_BYTES)

    sources = open_key_sources([client], fetch, time.monotonic)
    try:
        verify_token(authorization, [SIGN], CLOCK, {ISSUER: client}, sources)
    except NotTrusted as error:
        return error.why
    return ""


@pytest.mark.requirement("CH-192")
def test_a_key_set_is_fetched_from_its_address(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/jwks.json", method="GET").respond_with_json({"keys": [EHR.jwk]})
    assert verify(httpserver, EHR.bearer()) == ""
    (request, _) = httpserver.log[0]
    assert "Authorization" not in request.headers
    assert "Cookie" not in request.headers


@pytest.mark.requirement("CH-191")
def test_nothing_is_fetched_for_an_unknown_issuer_or_address(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/jwks.json").respond_with_json({"keys": [EHR.jwk]})
    httpserver.expect_request("/evil.json").respond_with_json({"keys": [EHR.jwk]})
    evil = httpserver.url_for("/evil.json")
    for authorization in (
        EHR.bearer({"jku": evil}),
        EHR.bearer({"jku": evil}, iss="https://evil.example"),
        EHR.bearer({"jku": f"{httpserver.url_for('/jwks.json')}#"}),
        EHR.bearer({"jku": "http://169.254.169.254/latest/meta-data/"}),
        EHR.bearer(aud="https://cds.example.org"),
        EHR.bearer(exp=CLOCK - 3600, iat=CLOCK - 3900),
        EHR.bearer(tenant="north"),
        EHR.bearer({"typ": "at+jwt"}),
    ):
        assert verify(httpserver, authorization) != ""
    assert httpserver.log == []


@pytest.mark.requirement("CH-197")
def test_a_key_set_that_redirects_is_not_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/elsewhere.json").respond_with_json({"keys": [EHR.jwk]})
    for status in (301, 302, 303, 307, 308):
        headers = {"Location": httpserver.url_for("/elsewhere.json")}
        httpserver.expect_oneshot_request("/jwks.json").respond_with_data("", status=status, headers=headers)
        assert f"redirects elsewhere ({status})" in verify(httpserver, EHR.bearer())
    assert {request.path for request, _ in httpserver.log} == {"/jwks.json"}


@pytest.mark.requirement("CH-197")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response(status=404), "answered with status 404"),
        (Response(status=500), "answered with status 500"),
        (Response("<html>log in</html>", content_type="text/html"), "found something that is not JSON"),
        (Response('{"keys": ['), "found something that is not JSON"),
        (Response('{"keys": []}'), "kid 'key-1' is not in the key set"),
        (Response(json.dumps({"keys": [EHR.private_jwk]})), "key 1 ('key-1'): a private key"),
        (Response(json.dumps({"keys": [EHR.jwk, NEXT.jwk | {"kid": "key-1"}]})), "another key of the set has the same"),
        (Response(json.dumps({"keys": [{"kty": "oct", "kid": "key-1", "k": "AA"}]})), "a symmetric key"),
    ],
)
def test_what_is_no_usable_key_set_is_named_for_the_operator(
    httpserver: HTTPServer, answer: Response, reason: str
) -> None:
    httpserver.expect_request("/jwks.json").respond_with_response(answer)
    assert reason in verify(httpserver, EHR.bearer())


@pytest.mark.requirement("CH-197")
def test_a_key_set_of_fifty_megabytes_is_not_read_to_its_end(httpserver: HTTPServer) -> None:
    sent = []

    def flood(request: Request) -> Response:
        def parts() -> Iterator[bytes]:
            for _ in range(50):
                sent.append(1)
                yield b" " * 1_000_000

        return Response(parts(), content_type="application/json")

    httpserver.expect_request("/jwks.json").respond_with_handler(flood)
    assert "sent more than is accepted" in verify(httpserver, EHR.bearer())
    assert len(sent) < 50


@pytest.mark.requirement("CH-197")
def test_a_key_set_that_drips_is_given_up_in_time(httpserver: HTTPServer, stopped: Event) -> None:
    def drip(request: Request) -> Response:
        def parts() -> Iterator[bytes]:
            while not stopped.wait(0.02):
                yield b" "

        return Response(parts(), content_type="application/json")

    httpserver.expect_request("/jwks.json").respond_with_handler(drip)
    started = time.monotonic()
    assert "did not answer in time" in verify(httpserver, EHR.bearer(), within_s=0.3)
    assert time.monotonic() - started < 1.5


@pytest.mark.requirement("CH-197")
def test_a_key_set_whose_headers_drip_is_given_up_in_time(stopped: Event) -> None:
    def drip(listener: socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not stopped.wait(0.02):
                connection.sendall(b"a")

    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = Thread(target=drip, args=[listener])
        server.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/jwks.json"
        started = time.monotonic()
        with pytest.raises(NoAnswer, match="did not answer in time"):
            fetch_document(Outbound(), url, "application/json", 0.3, MOST_KEY_SET_BYTES)
        assert time.monotonic() - started < 1.5
        stopped.set()
        server.join()


def test_a_key_set_nobody_serves_is_said_to_be_unreachable() -> None:
    with socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/jwks.json"
    with pytest.raises(NoAnswer, match="cannot be reached"):
        key_set_fetch(Outbound())(url)


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[HTTPServer]:
    """An https server whose certificate nobody signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "key.pem")
    with HTTPServer(ssl_context=context) as server:
        yield server


@pytest.mark.requirement("CH-197")
def test_a_certificate_nobody_vouches_for_is_not_believed(tls_server: HTTPServer) -> None:
    tls_server.expect_request("/jwks.json").respond_with_json({"keys": [EHR.jwk]})
    assert "cannot be reached" in verify(tls_server, EHR.bearer())
    assert tls_server.log == []
