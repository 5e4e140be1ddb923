"""The way to the server: every call of docs/openapi.json, answered or refused."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from .problems import Refused, Unreachable

TIMEOUT_S = 60.0
PATIENCE_S = 120.0
"""How long in all to wait for a server that asks for slower calls."""


class Api(Protocol):
    """Asks the server. Raises: Refused, Unreachable."""

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any: ...


class HttpApi:
    """A server over HTTP, with the token of one device."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.url, self.token = url.rstrip("/"), token
        self._sleep = sleep
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_S,
            transport=transport,
        )

    @property
    def socket_url(self) -> str:
        return "ws" + self.url.removeprefix("http") + "/v1/socket"

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """One call; asked to slow down, it waits and asks again. Raises: Refused, Unreachable."""
        return await self._ask(method, path, json=body, params=query, headers=headers)

    async def put_bytes(self, path: str, content: bytes) -> Any:
        """Upload bytes as they are. Raises: Refused, Unreachable."""
        kind = {"Content-Type": "application/octet-stream"}
        return await self._ask("PUT", path, content=content, headers=kind)

    async def _ask(self, method: str, path: str, **request: Any) -> Any:
        waited = 0.0
        while True:
            try:
                answer = await self._http.request(method, path, **request)
            except httpx.TransportError as error:
                raise Unreachable(f"{urlsplit(self.url).netloc} gave no answer.") from error
            if answer.is_success:
                return answer.json() if answer.content else None
            refused = _refusal(answer)
            if answer.status_code >= 500 and refused.slug == "problem":
                raise Unreachable(f"The server failed ({answer.status_code}).")
            pause = refused.facts.get("retry_after", answer.headers.get("retry-after"))
            if answer.status_code != 429 or pause is None or waited >= PATIENCE_S:
                raise refused
            pause = max(0.05, min(float(pause), PATIENCE_S)) * random.uniform(1.0, 1.2)  # noqa: S311
            waited += pause
            await self._sleep(pause)

    async def fetch(self, path: str) -> bytes:
        """The bytes of a file. Raises: Refused, Unreachable."""
        try:
            answer = await self._http.get(path)
        except httpx.TransportError as error:
            raise Unreachable(f"{urlsplit(self.url).netloc} gave no answer.") from error
        if not answer.is_success:
            raise _refusal(answer)
        return answer.content

    async def close(self) -> None:
        await self._http.aclose()


def _refusal(answer: httpx.Response) -> Refused:
    """The problem that this answer tells of. Source: RFC 9457."""
    try:
        told = answer.json()
    except ValueError:
        told = {}
    if not isinstance(told, dict):
        told = {}
    slug = str(told.pop("type", "/problems/problem")).removeprefix("/problems/")
    told.pop("status", None)
    title = str(told.pop("title", "The server refused."))
    return Refused(answer.status_code, slug, title, told)
