"""What every route shares: refusals in the shape of RFC 9457, and how routes name theirs."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, ValidationException

from kirana.values import Problem

from .problems import InvalidInput, NotFound

log = structlog.get_logger()

PROBLEM_JSON = "application/problem+json"
EVEN_SUSPENDED = "even_suspended"
"""A route with this in its `opt` is open to people whom operators keep out: it lets them go."""


class MethodNotAllowed(Problem):
    """This address does not take this method."""

    status: ClassVar[int] = 405


class UnexpectedError(Problem):
    """Something went wrong on the server. It was written down."""

    status: ClassVar[int] = 500


def problems(*kinds: type[Problem]) -> list[type[HTTPException]]:
    """What a route may refuse with, for `raises=`; the OpenAPI document lists them."""
    return [
        type(kind.__name__, (DocumentedProblem,), {"status_code": kind.status, "problem": kind})
        for kind in kinds
    ]


class DocumentedProblem(HTTPException):
    """Stands for a `Problem` where Litestar wants an exception class. Never raised."""

    problem: ClassVar[type[Problem]]


def answer(problem: Problem, path: str) -> Response[bytes]:
    """The refusal as a response."""
    body = {
        "type": f"/problems/{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        "instance": path,
        **problem.facts,
    }
    headers = {}
    if "retry_after_s" in problem.facts:
        headers["Retry-After"] = str(problem.facts["retry_after_s"])
    return Response(
        msgspec.json.encode(body),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers=headers,
    )


_NOT_WHOLE = re.compile(rb'_minor"\s*:(?!\s*(?:-?[0-9]+|null)\s*[,}\]])')


async def only_whole_amounts(connection: ASGIConnection[Any, Any, Any, Any], _: Any) -> None:
    """Amounts are JSON integers and nothing else. What reads the body would take "5", 5.0 and 1e2
    for numbers too.

    Raises: InvalidInput.
    """
    if not isinstance(connection, Request) or connection.method in {"GET", "HEAD", "DELETE"}:
        return
    if not connection.headers.get("content-type", "").startswith("application/json"):
        return
    if _NOT_WHOLE.search(await connection.body()):
        message = "An amount is a whole number of minor units."
        raise InvalidInput(errors=[{"field": "amount_minor", "message": message}])


def on_problem(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    return answer(problem, request.url.path)


def on_invalid(request: Request[Any, Any, Any], error: ValidationException) -> Response[bytes]:
    extra = error.extra if isinstance(error.extra, list) else []
    errors = [
        {"field": str(item.get("key", "")), "message": str(item.get("message", ""))}
        for item in extra
        if isinstance(item, Mapping)
    ]
    if not errors:
        errors = [{"field": "", "message": str(error.detail)}]
    return answer(InvalidInput(errors=errors), request.url.path)


def on_too_deep(request: Request[Any, Any, Any], _: RecursionError) -> Response[bytes]:
    """Brackets within brackets, a thousand deep: the one recursion here that others choose."""
    message = "This is nested too deeply."
    return answer(InvalidInput(errors=[{"field": "", "message": message}]), request.url.path)


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    problem: Problem
    match error.status_code:
        case 404:
            problem = NotFound()
        case 405:
            problem = MethodNotAllowed()
        case status if status < 500:
            problem = InvalidInput(errors=[{"field": "", "message": str(error.detail)}])
        case _:
            return on_bug(request, error)
    return answer(problem, request.url.path)


def on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("request_failed", method=request.method, path=request.url.path, exc_info=error)
    return answer(UnexpectedError(), request.url.path)


def json_response(body: bytes, *, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """A body that is JSON already."""
    return Response(body, media_type=MediaType.JSON, headers=dict(headers or {}))


def is_same_site(headers: Mapping[str, str]) -> bool:
    """Whether a request that carries a cookie, or asks for one, comes from a page of this server.

    Source: Fetch Metadata Request Headers, section 2; RFC 6454 for the older browsers.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
