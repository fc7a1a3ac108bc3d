"""HTTP client: against real servers, the friendly ones and the others."""

import asyncio
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from receiver import Answers, Closes, Hangs, Mumbles, Resets, receiving

from delivery.http_client import HttpClient, SendingFailed


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


def post(url, *, lookup=socket.getaddrinfo, mode="test", networks=(), times=1, **request):
    async def work():
        async with HttpClient(allowed_networks=networks, lookup=lookup) as client:
            for _ in range(times):
                answer = await client.request("POST", url, mode=mode, **request)
            return answer

    return asyncio.run(work())


def leading_to(*addresses):
    """Names lead to one after the other of these, and to the last one ever after."""
    left = list(addresses)

    def lookup(_host, port, _family, kind):
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, kind, 6, "", (address, port))]

    return lookup


def test_what_is_sent_arrives_and_what_is_answered_comes_back(receiver):
    receiver.behave = lambda _request: Answers(202, {"Retry-After": "7"}, b"thank you")

    answer = post(receiver.url + "/hooks?a=b", body=b"{}", headers={"X-Reevit-Mode": "sandbox"})

    assert (answer.status, answer.text) == (202, "thank you")
    assert answer.headers["retry-after"] == "7"
    [request] = receiver.received
    assert (request.method, request.path, request.body) == ("POST", "/hooks?a=b", b"{}")
    assert request.headers["x-reevit-mode"] == "sandbox"
    assert request.headers["user-agent"].startswith("Whence")


def test_what_is_no_text_can_be_written_down_all_the_same(receiver):
    receiver.behave = lambda _request: Answers(302, {"Location": "/caf\xe9"}, b"caf\xe9 \0")

    answer = post(receiver.url)

    assert (answer.headers["location"], answer.text) == ("/caf�", "caf� ")


def test_connections_are_kept_open(receiver):
    post(receiver.url, times=5)

    assert len(receiver.received) == 5
    assert receiver.connections == 1


def test_no_more_than_a_kilobyte_of_an_answer_is_read(receiver):
    receiver.behave = lambda _request: Answers(200, {}, b"a" * 50_000_000)

    answer = post(receiver.url, times=2)

    assert answer.text == "a" * 1024
    assert receiver.connections == 2


def test_an_answer_may_be_anything(receiver):
    receiver.behave = lambda _request: Answers(200, {"Content-Encoding": "gzip"}, b"\xff\0\x01")

    assert post(receiver.url).text == "\ufffd\x01"


def test_who_has_answered_is_not_waited_for(receiver):
    receiver.behave = lambda _request: Answers(body_after=60)

    began = time.monotonic()
    answer = post(receiver.url)

    assert (answer.status, answer.text) == (200, "")
    assert time.monotonic() - began < 30


def test_who_breaks_off_in_the_answer_has_answered(receiver):
    receiver.behave = lambda _request: Answers(cut=True)

    assert post(receiver.url).status == 200


def test_redirects_are_not_followed(receiver):
    receiver.behave = lambda _request: Answers(307, {"Location": receiver.url + "/else"})

    answer = post(receiver.url)

    assert answer.status == 307
    assert len(receiver.received) == 1


def test_cookies_are_not_kept(receiver):
    receiver.behave = lambda _request: Answers(200, {"Set-Cookie": "a=b"})

    post(receiver.url, times=2)

    assert all("cookie" not in request.headers for request in receiver.received)


def test_no_proxy_of_the_environment_is_asked(receiver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    assert post(receiver.url).status == 200


def test_who_hangs_is_not_waited_for_any_longer(receiver):
    receiver.behave = lambda _request: Hangs()

    with pytest.raises(SendingFailed, match=r"no answer within 0\.3 seconds") as failed:
        post(receiver.url, seconds=0.3)

    assert failed.value.connected
    assert failed.value.milliseconds >= 300


@pytest.mark.parametrize("behaviour", [Resets(), Mumbles()])
def test_who_speaks_no_http_has_not_answered(receiver, behaviour):
    receiver.behave = lambda _request: behaviour

    with pytest.raises(SendingFailed) as failed:
        post(receiver.url)

    assert failed.value.connected


def test_what_may_be_repeated_survives_a_connection_that_was_closed_meanwhile(receiver):
    receiver.behave = lambda _request: Resets() if len(receiver.received) == 2 else Answers()

    answer = post(receiver.url, times=2, repeatable=True)

    assert answer.status == 200
    assert len(receiver.received) == 3


def test_what_must_not_be_repeated_is_not(receiver):
    receiver.behave = lambda _request: Resets() if len(receiver.received) == 2 else Answers()

    with pytest.raises(SendingFailed, match="closed before an answer"):
        post(receiver.url, times=2)

    assert len(receiver.received) == 2


def test_a_connection_that_was_closed_is_not_used_again(receiver):
    receiver.behave = lambda _request: Closes()

    assert post(receiver.url, times=3, repeatable=True).status == 200


def test_where_nobody_listens_there_is_no_connection():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(SendingFailed, match="no connection: Connection refused") as failed:
        post(f"http://127.0.0.1:{port}")

    assert not failed.value.connected


def test_a_name_that_nothing_can_have_is_said():
    with pytest.raises(SendingFailed, match="the address cannot be read"):
        post(f"http://{'a' * 70}.example/")


def test_a_name_that_is_not_known_is_said():
    def lookup(*_asked):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(SendingFailed, match=r"the name shop\.example is not known") as failed:
        post("http://shop.example", lookup=lookup)

    assert not failed.value.connected


def test_who_speaks_no_tls_is_said(receiver):
    with pytest.raises(SendingFailed, match="TLS failed"):
        post(receiver.url.replace("http:", "https:"))


def test_a_certificate_of_nobody_is_said(tls_of_nobody):
    with (
        receiving(tls=tls_of_nobody) as receiver,
        pytest.raises(SendingFailed, match="cannot be trusted"),
    ):
        post(receiver.url.replace("http:", "https:"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "[::ffff:127.0.0.1]", "2130706433"])
def test_an_address_inside_is_not_connected_to(receiver, host):
    with pytest.raises(SendingFailed):
        post(f"http://{host}:{receiver.port}", mode="live")

    assert receiver.connections == 0


def test_a_name_that_leads_inside_is_not_connected_to(receiver):
    with pytest.raises(SendingFailed, match="not a public address"):
        post(f"http://shop.example:{receiver.port}", mode="live", lookup=leading_to("127.0.0.1"))

    assert receiver.connections == 0


def test_a_name_that_leads_inside_by_all_its_addresses_is_said():
    def lookup(_host, port, _family, kind):
        return [
            (socket.AF_INET, kind, 6, "", ("10.0.0.1", port)),
            (socket.AF_INET6, kind, 6, "", ("fe80::1", port, 0, 0)),
        ]

    with pytest.raises(SendingFailed, match="not a public address"):
        post("http://shop.example", mode="live", lookup=lookup)


def test_a_name_that_leads_inside_on_the_second_look_is_not_connected_to(receiver):
    public = "127.0.0.2"  # stands for a public one: it is let through by name
    lookup = leading_to(public, "127.0.0.1")
    url, networks = f"http://shop.example:{receiver.port}", [ip_network(public)]
    with pytest.raises(SendingFailed, match="no connection"):
        post(url, mode="live", lookup=lookup, networks=networks)

    with pytest.raises(SendingFailed, match="not a public address"):
        post(url, mode="live", lookup=lookup, networks=networks)

    assert receiver.connections == 0


def test_what_test_mode_has_connected_to_is_not_open_to_the_other(receiver):
    async def work():
        async with HttpClient() as client:
            await client.request("POST", receiver.url, mode="test")
            with pytest.raises(SendingFailed):
                await client.request("POST", receiver.url, mode="live")

    asyncio.run(work())

    assert receiver.connections == 1


def test_an_allowed_network_is_reached(receiver):
    networks = [ip_network("127.0.0.0/8")]

    assert post(receiver.url, mode="live", networks=networks).status == 200


def test_no_line_break_gets_into_a_header(receiver):
    with pytest.raises(SendingFailed):
        post(receiver.url, headers={"X-Name": "a\r\nX-Evil: 1"})

    assert all("x-evil" not in request.headers for request in receiver.received)


@pytest.fixture
def tls_of_nobody(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
