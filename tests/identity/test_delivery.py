import asyncio
import email
import json
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import cast

import pytest

from kirana.identity.delivery import DeliveryFailed, can_deliver, send_code
from kirana.identity.delivery.console import ConsoleSender
from kirana.identity.delivery.messages import compose
from kirana.identity.delivery.sms import SmsGateway
from kirana.identity.delivery.smtp import SmtpSender
from kirana.platform.clock import wall_clock
from kirana.platform.jobs import Outside
from kirana.platform.settings import Settings

MESSAGE = compose("123456", "Kirana", "kirana.example", "en")


@dataclass(frozen=True, slots=True)
class FakeOutside:
    settings: Settings


@dataclass
class Received:
    """What the gateway was sent."""

    requests: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    status: int = 200
    location: str = ""
    url: str = ""


@pytest.fixture
def gateway() -> Iterator[Received]:
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.requests.append((self.command, self.path, headers, body))
            self.send_response(received.status)
            if received.location:
                self.send_header("location", received.location)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        received.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield received
        server.shutdown()
        thread.join()


class MailServer:
    """Speaks just enough SMTP to take one mail per connection. Source: RFC 5321."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, Mail]] = []
        self.commands: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            # A client that wants TLS hangs up at once.
            with suppress(OSError), connection, connection.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream: object) -> None:
        recipient, lines = "", cast("socket.SocketIO", stream)

        def say(text: str) -> None:
            lines.write(text.encode() + b"\r\n")
            lines.flush()

        say("220 test")
        while line := lines.readline().decode(errors="replace").strip():
            self.commands.append(line)
            verb = line.split()[0].upper()
            if verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
            if verb == "DATA":
                say("354 go on")
                text = b""
                while (part := lines.readline()) != b".\r\n":
                    text += part
                self.mails.append((recipient, email.message_from_bytes(text)))
            say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


def settings(**values: object) -> Settings:
    return replace(Settings().completed(), **values)  # type: ignore[arg-type]


def deliver(given: Settings, kind: str, address: str, *, expires_in_ms: int = 60_000) -> None:
    asyncio.run(
        send_code(
            cast(Outside, FakeOutside(given)),
            kind=kind,
            address=address,
            code="123456",
            language="en",
            expires_at=wall_clock() + expires_in_ms,
        )
    )


def test_nothing_is_delivered_by_a_server_that_was_not_set_up() -> None:
    assert not can_deliver("phone", settings())
    assert not can_deliver("email", settings())
    assert can_deliver("email", settings(smtp_url="smtp://mail:25", mail_from="k@example.com"))
    assert can_deliver("phone", settings(sms_url="https://sms.example/send"))
    assert not can_deliver("email", settings(sms_url="https://sms.example/send"))


def test_the_console_shows_codes_only_where_that_was_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValueError, match="demo and development"):
        ConsoleSender(may_show_codes=False)
    deliver(settings(), "phone", "+919876543210")
    assert "123456" not in capsys.readouterr().err

    for given in (settings(show_codes=True), settings(demo=True)):
        deliver(given, "phone", "+919876543210")
        assert "123456" in capsys.readouterr().err


def test_a_real_way_goes_before_the_console(
    gateway: Received, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(settings(sms_url=gateway.url, show_codes=True), "phone", "+919876543210")

    assert len(gateway.requests) == 1
    assert "123456" not in capsys.readouterr().err


def test_a_gateway_gets_json_in_which_nothing_needs_to_be_trusted(gateway: Received) -> None:
    given = settings(
        sms_url=f"{gateway.url}/send",
        sms_headers="Authorization: Bearer secret\nX-From: Kirana",
        name='The "Town" \\ Server',
    )

    deliver(given, "phone", "+919876543210")

    ((method, path, headers, body),) = gateway.requests
    sent = json.loads(body)
    assert (method, path) == ("POST", "/send")
    assert headers["authorization"] == "Bearer secret"
    assert headers["content-type"] == "application/json"
    assert sent["to"] == "+919876543210"
    assert sent["text"].startswith('123456 is your The "Town" \\ Server code.')


def test_a_gateway_may_want_a_form_or_a_plain_address(gateway: Received) -> None:
    form = SmsGateway(
        gateway.url, "Content-Type: application/x-www-form-urlencoded", "To={to}&Body={text}"
    )
    form.send("+919876543210", MESSAGE)
    SmsGateway(gateway.url + "/?to={to}&text={text}", "", "").send("+919876543210", MESSAGE)

    (_, _, _, body), (method, path, _, _) = gateway.requests
    assert body.startswith("To=%2B919876543210&Body=123456%20is%20your")
    assert method == "GET"
    assert path.startswith("/?to=%2B919876543210&text=123456%20is%20your")


def test_a_gateway_that_fails_or_moved_is_tried_again_later(gateway: Received) -> None:
    given = settings(sms_url=gateway.url)

    for status, location in ((500, ""), (302, f"{gateway.url}/elsewhere")):
        gateway.status, gateway.location = status, location
        with pytest.raises(DeliveryFailed) as failed:
            deliver(given, "phone", "+919876543210")
        assert "9876543210" not in str(failed.value)
        assert failed.value.__cause__ is None
    assert [path for _, path, _, _ in gateway.requests] == ["/", "/"]


def test_the_message_for_a_phone_ends_with_what_lets_the_page_take_the_code() -> None:
    assert MESSAGE.short_text.splitlines()[-1] == "@kirana.example #123456"
    assert len(MESSAGE.short_text) <= 160
    for language in ("de", "es", "fr", "pt", "hi-IN", "xx"):
        assert "123456" in compose("123456", "Kirana", "kirana.example", language).text


def test_an_old_code_is_not_sent(gateway: Received) -> None:
    deliver(settings(sms_url=gateway.url), "phone", "+919876543210", expires_in_ms=0)

    assert gateway.requests == []


def test_a_mail_carries_the_code(mail_server: MailServer) -> None:
    given = settings(
        smtp_url=f"smtp://127.0.0.1:{mail_server.port}", mail_from="Kirana <no-reply@k.example>"
    )

    deliver(given, "email", "ravi@example.com")

    ((recipient, mail),) = mail_server.mails
    assert recipient == "ravi@example.com"
    assert mail["Subject"] == "123456 is your Kirana code"
    assert mail["From"] == "Kirana <no-reply@k.example>"
    assert "10 minutes" in str(mail.get_payload())


def test_no_password_is_sent_in_the_clear(mail_server: MailServer) -> None:
    sender = SmtpSender(f"smtp://me:secret@127.0.0.1:{mail_server.port}", "k@example.com")

    with pytest.raises(smtplib.SMTPNotSupportedError):
        sender.send("ravi@example.com", MESSAGE)

    assert not any("AUTH" in command for command in mail_server.commands)


def test_a_mail_server_without_a_valid_certificate_gets_nothing(mail_server: MailServer) -> None:
    sender = SmtpSender(f"smtps://127.0.0.1:{mail_server.port}", "k@example.com")

    with pytest.raises((ssl.SSLError, OSError)):
        sender.send("ravi@example.com", MESSAGE)

    assert mail_server.mails == []


@pytest.mark.parametrize(
    ("url", "mail_from"), [("mail.example", "k@x.example"), ("smtp://mail.example", "")]
)
def test_a_mail_server_is_set_up_whole_or_not_at_all(url: str, mail_from: str) -> None:
    with pytest.raises(ValueError):
        SmtpSender(url, mail_from)
