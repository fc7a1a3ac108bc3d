"""Emails as a real mail server gets them, and what becomes of those it does not want."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from mail_server import PASSWORD, mail_server

from delivery.messages.emails import Email, mailbox_of, message_of
from delivery.messages.smtp import Patience, SmtpConfig, SmtpCredentials, send_email

AT = datetime(2026, 11, 28, 14, 5, tzinfo=UTC)


def email(**said):
    usual = {
        "to": "ama@example.com",
        "to_name": "Ama Mensah",
        "subject": "Your receipt",
        "text": "You paid GHS 5.\n",
        "html": "<p>You paid <b>GHS 5</b>.</p>",
        "key": "exe_1.0",
        "at": AT,
    }
    return Email(**usual | said)


def send(
    server, message=None, *, mode="test", trusting=None, patience=None, password=None, **config
):
    usual = {"host": "127.0.0.1", "port": server.port, "tls": "none", "from": "hi@shop.example"}
    return asyncio.run(
        send_email(
            SmtpConfig.model_validate(usual | config),
            SmtpCredentials(password=password),
            message or email(),
            mode=mode,
            tls=trusting,
            patience=patience or Patience(),
        )
    )


def said(part):
    return part.get_content().replace("\r\n", "\n")


@pytest.fixture
def server():
    with mail_server() as server:
        yield server


def test_an_email_is_read_as_it_was_written(server):
    written = email(
        subject="Café ☕ · your receipt over 1 000 ₵, for what was so long that it must be folded",
        to_name="Æsa Ñandú-Ọlá",
        text="Dear Æsa,\n.\n..and more: ₵5\n" + "x" * 2000 + "\n",
        html="<p>Dear Æsa, ₵5</p>",
    )

    result = send(server, written, **{"from": "Kente & Söhne, Accra <hi@shop.example>"})

    assert (result.status, result.response) == ("sent", "250 2.0.0 queued as 4F1C")
    [handed] = server.handed
    assert (handed.sender, handed.recipients) == ("hi@shop.example", ["ama@example.com"])
    read = handed.message
    assert read["From"].addresses[0].display_name == "Kente & Söhne, Accra"
    assert read["To"].addresses[0].display_name == "Æsa Ñandú-Ọlá"
    assert read["Subject"] == written.subject
    assert read["Date"].datetime == AT
    assert read["Message-ID"] == "<exe_1.0@shop.example>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["List-Unsubscribe"] is None
    assert read.get_content_type() == "multipart/alternative"
    text, html = read.iter_parts()
    assert (text.get_content_type(), said(text)) == ("text/plain", written.text)
    assert (html.get_content_type(), said(html)) == ("text/html", written.html + "\n")
    assert {part.get_content_charset() for part in (text, html)} == {"utf-8"}
    assert all(len(line) <= 998 and line.isascii() for line in handed.raw.splitlines())


def test_what_is_sent_again_is_the_same_message(server):
    send(server)
    send(server)

    first, again = server.handed
    assert first.raw == again.raw


def test_whoever_need_not_be_told_is_told_how_to_be_told_no_more(server):
    url = "https://pay.example/unsubscribe/3f1c"

    send(server, email(unsubscribe_url=url), reply_to="help@shop.example")

    read = server.handed[0].message
    assert read["List-Unsubscribe"] == f"<{url}>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read["Reply-To"] == "help@shop.example"


def test_an_email_may_have_no_html(server):
    send(server, email(html=None))

    assert server.handed[0].message.get_content_type() == "text/plain"


NAMES = ["Ama\r\nBcc: all@example.com", 'Ama" <all@example.com>, "x', "a, b@example.com", "\u2028x"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_adds_neither_a_header_nor_a_recipient(server, name):
    send(server, email(to_name=name, subject=f"For {name}"))

    [handed] = server.handed
    assert handed.recipients == ["ama@example.com"]
    assert handed.message["Bcc"] is None
    assert [each.addr_spec for each in handed.message["To"].addresses] == ["ama@example.com"]


@given(st.text(max_size=120), st.text(max_size=120))
@settings(max_examples=100)
def test_whatever_somebody_is_called_there_is_one_recipient(name, subject):
    sender, recipient = mailbox_of("hi@shop.example"), mailbox_of("ama@example.com", name=name)

    raw = message_of(email(subject=subject), sender, recipient).as_bytes()

    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert len(names) == len(set(names)) == 8
    assert b"ama@example.com" in head


@pytest.mark.parametrize("address", ["", "ama", "a@b@c", "ama@example.com, all@example.com"])
def test_what_is_no_address_is_not_sent_to(server, address):
    result = send(server, email(to=address))

    assert (result.status, server.handed) == ("failed", [])
    assert "is not the address of a mailbox" in result.error


def test_a_domain_with_other_letters_is_known_to_mail_servers(server):
    send(server, email(to="ama@bücher.example"))

    assert server.handed[0].recipients == ["ama@xn--bcher-kva.example"]


def test_a_mailbox_with_other_letters_needs_a_server_that_knows_them(server):
    refused = send(server, email(to="æsa@example.com"))

    with mail_server(enable_SMTPUTF8=True) as knowing:
        sent = send(knowing, email(to="æsa@example.com"))
        recipients = knowing.handed[0].recipients

    assert (refused.status, sent.status) == ("failed", "sent")
    assert recipients == ["æsa@example.com"]


def test_a_refused_recipient_is_given_up_and_the_next_is_written_to(server):
    server.refuses = {"gone@example.com": "550 5.1.1 no such mailbox"}

    refused = send(server, email(to="gone@example.com"))
    sent = send(server)

    assert (refused.status, refused.response) == ("failed", "550 5.1.1 no such mailbox")
    assert refused.error == "the mail server refuses the recipient"
    assert sent.status == "sent"


def test_who_is_greylisted_is_tried_again(server):
    server.refuses = {"ama@example.com": "451 4.7.1 try again later"}

    assert send(server).status == "later"


def test_a_line_that_drops_after_the_message_leaves_it_open_whether_it_arrived(server):
    server.drops = True

    result = send(server)
    server.drops = False
    again = send(server)

    assert (result.status, result.may_have_arrived) == ("later", True)
    assert (again.status, again.may_have_arrived) == ("sent", False)
    assert {each.message["Message-ID"] for each in server.handed} == {"<exe_1.0@shop.example>"}


def test_a_server_may_greet_late(server):
    server.greets_after = 0.3

    assert send(server, patience=Patience(answering=30)).status == "sent"


def test_a_server_that_never_greets_is_left(server):
    server.greets_after = 30

    result = send(server, patience=Patience(answering=0.2))

    assert (result.status, result.error) == ("later", "the mail server does not answer in time")
    assert not result.may_have_arrived


def test_all_of_it_takes_so_long_at_most(server):
    server.greets_after = 30

    result = send(server, patience=Patience(altogether=0.2))

    assert (result.status, result.error) == ("later", "the mail server does not answer in time")


def test_a_message_that_is_too_large_for_a_server_is_given_up():
    with mail_server(data_size_limit=2000) as server:
        result = send(server, email(text="x" * 5000))

    assert result.status == "failed"
    assert result.response.startswith("552")


def test_nobody_at_home_is_tried_again():
    with mail_server() as gone:
        pass

    result = send(gone)

    assert (result.status, result.error[:27]) == ("later", "no connection to 127.0.0.1:")


@pytest.fixture
def silent(server):
    """An address on the port of the server whose connections come to nothing."""
    with socket.socket() as full:
        full.bind(("127.0.0.2", server.port))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.settimeout(0)
            each.connect_ex(full.getsockname())
        yield "127.0.0.2"
        for each in waiting:
            each.close()


def test_an_address_that_says_nothing_keeps_no_other_waiting(server, silent, monkeypatch):
    entry = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
    both = [(*entry, (address, server.port)) for address in (silent, "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)

    result = send(server, host="mail.example", patience=Patience(connecting=3))

    assert result.status == "sent"


def test_no_mail_server_inside_the_house_is_spoken_to(server):
    live = send(server, mode="live")
    metadata = send(server, host="169.254.169.254")

    allowed = "is not a public address (WHENCE_DELIVERY_NETWORKS can allow it)"
    assert live.error == f"127.0.0.1 {allowed}"
    assert metadata.error == f"169.254.169.254 {allowed}"
    assert server.handed == []


@pytest.mark.parametrize("encryption", ["starttls", "implicit"])
def test_a_password_is_told_over_tls(encryption, own_tls):
    served, trusting = own_tls
    how = {"starttls": served} if encryption == "starttls" else {"tls": served}
    with mail_server(**how) as server:
        account = {"username": "hi@shop.example", "tls": encryption, "trusting": trusting}
        sent = send(server, password=PASSWORD, **account)
        refused = send(server, password="wrong", **account)

    assert sent.status == "sent"
    assert server.handed[0].over_tls
    # It is mended, and then sent: nothing is wrong with the message.
    assert (refused.status, refused.error) == (
        "later",
        "the mail server refuses the user name or the password",
    )


@pytest.mark.parametrize(
    ("encryption", "offers", "error"),
    [
        ("starttls", {}, "STARTTLS extension not supported"),
        ("implicit", {}, "TLS failed: is implicit what port"),
        ("starttls", {"starttls"}, "certificate of 127.0.0.1 cannot be trusted (self-signed"),
        ("implicit", {"tls"}, "certificate of 127.0.0.1 cannot be trusted (self-signed"),
    ],
)
def test_nothing_is_said_where_tls_is_not_what_it_should_be(encryption, offers, error, own_tls):
    with mail_server(**dict.fromkeys(offers, own_tls[0])) as server:
        result = send(server, tls=encryption, trusting=None)

    assert (result.status, server.handed) == ("later", [])
    assert error in result.error


def test_the_usual_encryption_is_that_of_the_port():
    said = {"host": "mail.example", "from": "hi@shop.example"}

    assert SmtpConfig.model_validate(said).encryption == "starttls"
    assert SmtpConfig.model_validate(said | {"port": "465"}).encryption == "implicit"
    assert SmtpConfig.model_validate(said | {"port": 25, "tls": "none"}).encryption == "none"


@pytest.fixture
def own_tls(tmp_path):
    """What a server shows, and what a client trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    shown = certificate.public_bytes(serialization.Encoding.PEM)
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + shown
    )
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(file)
    return served, ssl.create_default_context(cadata=shown.decode())
