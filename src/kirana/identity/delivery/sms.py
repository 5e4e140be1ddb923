"""Codes by SMS, through any gateway that takes one HTTP request per message."""

import json
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener

from .messages import Message

_TIMEOUT_S = 20


class SmsGateway:
    """`{to}` (E.164) and `{text}` are put into the URL and the body, escaped as each needs.

    The body is sent by POST, as JSON unless a header says otherwise; with an empty body the
    request is a GET. `headers` has one `Name: value` per line.
    """

    def __init__(self, url: str, headers: str, body: str) -> None:
        if not url.startswith(("https://", "http://")):
            raise ValueError("The SMS gateway is given as an http(s) address.")
        self._url = url
        self._headers = {"content-type": "application/json"} if body else {}
        for line in headers.splitlines():
            name, colon, value = line.partition(":")
            if colon:
                self._headers[name.strip().lower()] = value.strip()
        self._body = body

    def send(self, address: str, message: Message) -> None:
        """Raises: HTTPError for any answer but a success."""
        request = self._request(address, message.short_text)
        try:
            with build_opener(_NoRedirects).open(request, timeout=_TIMEOUT_S) as answer:
                answer.read(65_536)
        except HTTPError as error:
            error.close()
            raise

    def _request(self, to: str, text: str) -> Request:
        values = {"{to}": to, "{text}": text}
        return Request(  # noqa: S310 (the operator's own address, checked above)
            _fill(self._url, values, _in_url),
            data=_fill(self._body, values, self._in_body).encode() if self._body else None,
            headers=self._headers,
            method="POST" if self._body else "GET",
        )

    def _in_body(self, value: str) -> str:
        kind = self._headers.get("content-type", "").lower()
        if "json" in kind:
            return json.dumps(value)[1:-1]
        return _in_url(value) if "form-urlencoded" in kind else value


class _NoRedirects(HTTPRedirectHandler):
    """A gateway that moved is an error: the message and the key are not for somebody else."""

    def redirect_request(self, *_: object) -> None:
        return None


def _fill(template: str, values: dict[str, str], escape: Callable[[str], str]) -> str:
    for mark, value in values.items():
        template = template.replace(mark, escape(value))
    return template


def _in_url(value: str) -> str:
    return quote(value, safe="")
