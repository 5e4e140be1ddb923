"""Codes by e-mail."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from .messages import Message

_TIMEOUT_S = 20


class SmtpSender:
    """`url` is `smtp://user:password@host:port` (STARTTLS where offered, required when signing in)
    or `smtps://…` (TLS from the start)."""

    def __init__(self, url: str, mail_from: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("The mail server is given as smtp://host:port or smtps://host:port.")
        if not mail_from:
            raise ValueError("E-mails need a sender address.")
        self._is_tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._is_tls else 587)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._from = mail_from

    def send(self, address: str, message: Message) -> None:
        mail = EmailMessage()
        mail["From"] = self._from
        mail["To"] = address
        mail["Subject"] = message.subject
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain=self._from.rpartition("@")[2].strip("> ") or None)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        with self._connect() as server:
            if self._user:
                server.login(self._user, self._password)
            server.send_message(mail)

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._is_tls:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_S, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S)
        try:
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif self._user:
                raise smtplib.SMTPNotSupportedError("No password is sent without encryption.")
        except BaseException:
            server.close()
            raise
        return server
