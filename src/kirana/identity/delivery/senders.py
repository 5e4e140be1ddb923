"""Which sender serves which kind of address, and the job that calls it."""

import asyncio
from typing import Literal, Protocol
from urllib.parse import urlsplit

from kirana.platform.clock import wall_clock
from kirana.platform.jobs import Outside
from kirana.platform.settings import Settings

from .console import ConsoleSender
from .messages import Message, compose
from .sms import SmsGateway
from .smtp import SmtpSender

Kind = Literal["phone", "email"]


class DeliveryFailed(Exception):
    """The outside did not take the message. Says why without naming the person."""


class CodeSender(Protocol):
    def send(self, address: str, message: Message) -> None:
        """Hand over one message; may take a while and raise anything."""
        ...


def sender_for(kind: Kind, settings: Settings) -> CodeSender | None:
    """The sender that the operator has set up for this kind of address, if any.

    The console shows codes to whoever reads the log, so it serves only when that was asked for.
    """
    if kind == "email" and settings.smtp_url:
        return SmtpSender(settings.smtp_url, settings.mail_from)
    if kind == "phone" and settings.sms_url:
        return SmsGateway(settings.sms_url, settings.sms_headers, settings.sms_body)
    if settings.demo or settings.show_codes:
        return ConsoleSender(may_show_codes=True)
    return None


def can_deliver(kind: Kind, settings: Settings) -> bool:
    return sender_for(kind, settings) is not None


async def send_code(
    outside: Outside, *, kind: str, address: str, code: str, language: str, expires_at: int
) -> None:
    """The job: send while the code is alive; a code that is late is of no use."""
    sender = sender_for("email" if kind == "email" else "phone", outside.settings)
    if sender is None or wall_clock() >= expires_at:
        return
    host = urlsplit(outside.settings.public_url).hostname or ""
    message = compose(code, outside.settings.name, host, language)
    try:
        await asyncio.to_thread(sender.send, address, message)
    except Exception as error:
        raise DeliveryFailed(f"{type(sender).__name__}: {type(error).__name__}") from None
