"""The public's pages, all on one list; and what a page says when there is nothing to show."""

from typing import Any

from litestar import Request, Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from kirana import catalog
from kirana.platform.http import MethodNotAllowed, UnexpectedError, on_bug, on_http_error
from kirana.platform.problems import InvalidInput, NotAllowed, NotFound, NotSignedIn, RateLimited
from kirana.values import Problem

from . import (
    assets,
    cart,
    chat,
    checkout,
    code,
    order,
    product,
    shop,
    sitemap,
    town,
)
from .desk import Moved
from .rendering import answer, draw
from .shelf import provide_shelf
from .visitors import provide_door
from .words import provide_words

_NAMED: dict[type[Problem], str] = {
    NotFound: "not_found",
    catalog.ProductGone: "product_gone",
    NotSignedIn: "not_yours",
    NotAllowed: "other_site",
    RateLimited: "too_many",
}


def show_problem(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    """A refusal as a page that knows the way back."""
    words = provide_words(request)
    settings = request.app.state.settings
    name = _NAMED.get(type(problem), "other")
    body = draw(
        "problem.html",
        words,
        settings,
        title=words(f"problem.{name}.title"),
        text=words(f"problem.{name}.text"),
        status=problem.status,
        back=_shop_of(request.url.path) if name == "product_gone" else "",
    )
    return answer(
        request, settings, body, status=problem.status, headers={"Cache-Control": "no-store"}
    )


def show_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    match error.status_code:
        case 404:
            return show_problem(request, NotFound())
        case 405:
            return show_problem(request, MethodNotAllowed())
        case status if status < 500:
            return show_problem(request, InvalidInput())
    return show_bug(request, error)


def show_bug(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """What went wrong is written down; the reader gets a page."""
    on_bug(request, error)
    return show_problem(request, UnexpectedError())


def show_lost(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """For addresses that no route knows: a page for people, a problem for programs."""
    wants_page = "text/html" in request.headers.get("accept", "")
    if error.status_code == 404 and wants_page and not request.url.path.startswith("/v1/"):
        return show_problem(request, NotFound())
    return on_http_error(request, error)


def lead_on(request: Request[Any, Any, Any], moved: Moved) -> Redirect:
    """What had another address before is found for good at the new one."""
    return Redirect(moved.path, status_code=301)


def _shop_of(path: str) -> str:
    return "/" + path.lstrip("/").partition("/")[0]


routes: list[Any] = [
    *assets.routes,
    Router(
        "/",
        route_handlers=[
            *town.routes,
            *sitemap.routes,
            *order.routes,
            *code.routes,
            *product.routes,
            *cart.routes,
            *checkout.routes,
            *chat.routes,
            *shop.routes,
        ],
        dependencies={
            "words": Provide(provide_words, sync_to_thread=False),
            "shelf": Provide(provide_shelf, sync_to_thread=False),
            "door": Provide(provide_door, sync_to_thread=False),
        },
        exception_handlers={
            Problem: show_problem,
            HTTPException: show_http_error,
            Moved: lead_on,
            Exception: show_bug,
        },
        include_in_schema=False,
    ),
]
