"""The API's own description: OpenAPI 3.1, a page to read it, and the list of all refusals.

`kirana api` writes the document and the list into `docs/`; the client's types are made from it.
"""

import re
import sys
from functools import cache
from html import escape
from inspect import cleandoc
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import msgspec
from litestar import Litestar, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig

from kirana.identity import AccountSuspended
from kirana.platform.http import EVEN_SUSPENDED, DocumentedProblem, UnexpectedError, json_response
from kirana.platform.problems import (
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Overloaded,
    StorageFull,
)
from kirana.values import Problem

from .routes import API_ROUTES

DOCS = Path(__file__).parents[3] / "docs"
_ALWAYS: tuple[type[Problem], ...] = (UnexpectedError,)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of the whole API, demo routes left out."""
    app = Litestar(
        route_handlers=API_ROUTES,
        openapi_config=OpenAPIConfig(
            title="Kirana",
            version="1",
            description="Chat, shop and pay. Ids are chosen by the client: every create is safe "
            "to repeat. Amounts are whole minor units, instants epoch milliseconds.",
        ),
        dependencies=_dependencies(),
    )
    raw: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(app.openapi_schema.to_schema()))
    described = [
        (operation, handler)
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if isinstance(handler, HTTPRouteHandler)
        for method, operation in raw["paths"].get(route.path_format, {}).items()
        if method.upper() in handler.http_methods
    ]
    for operation, handler in described:
        _describe(operation, handler)
    _draw_bodies(raw, described)
    components = raw["components"]
    components["schemas"]["Problem"] = _PROBLEM
    components["parameters"] = _HEADERS
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "kirana_session"},
    }
    _forget_unused(raw)
    return raw


CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types"
)
"""Pages to read: nothing runs there."""


@get("/v1/openapi.json", include_in_schema=False)
async def serve_document() -> Response[bytes]:
    """The OpenAPI document."""
    return json_response(msgspec.json.encode(document()))


@get("/v1", include_in_schema=False)
async def read_document() -> Response[bytes]:
    """The same, for people."""
    return _page(page(document()))


@get("/problems/{slug:str}", include_in_schema=False)
async def explain_problem(slug: str) -> Response[bytes]:
    """What a refusal means: its `type` leads here."""
    document()
    kind = Problem.known.get(slug)
    if kind is None:
        return Response(b"There is no such problem.", status_code=404, media_type="text/plain")
    body = f"<h1>{escape(kind.title)}</h1><p><code>{slug}</code>, HTTP {kind.status}</p>"
    return _page(_html(kind.title, body))


def _page(html: str) -> Response[bytes]:
    return Response(
        html.encode(),
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": CSP},
    )


routes = [serve_document, read_document, explain_problem]


def write(*, check: bool, folder: Path = DOCS) -> int:
    """Write the documents; with `check` only compare, and answer 1 when they differ."""
    wanted = {
        folder / "openapi.json": msgspec.json.format(msgspec.json.encode(document())) + b"\n",
        folder / "problems.md": problems_page().encode(),
    }
    differing = [f for f, text in wanted.items() if not f.exists() or f.read_bytes() != text]
    for file in differing:
        if check:
            sys.stderr.write(f"{file.name} is out of date: run `make api`.\n")
        else:
            file.write_bytes(wanted[file])
    return 1 if check and differing else 0


def problems_page() -> str:
    """Every refusal there is."""
    document()
    known = {
        slug: kind for slug, kind in Problem.known.items() if kind.__module__.startswith("kirana.")
    }
    rows = "\n".join(
        f"| `{slug}` | {kind.status} | {kind.title} |" for slug, kind in sorted(known.items())
    )
    return (
        "# What Kirana refuses, and how it says so\n\n"
        "Every refusal is `application/problem+json` (RFC 9457): `type` is `/problems/<name>`, "
        "`title` is a sentence that a person may read, the other members are facts. "
        "Written by `make api`.\n\n"
        f"| name | status | title |\n| --- | --- | --- |\n{rows}\n"
    )


def page(described: dict[str, Any]) -> str:
    """The document as a page that needs nothing from elsewhere."""
    parts = []
    for path, operations in sorted(described["paths"].items()):
        for method, operation in operations.items():
            refusals = ", ".join(
                f"<code>{escape(s)}</code>" for s in operation.get("x-problems", [])
            )
            bodies = [*operation.get("requestBody", {}).get("content", {}).values()]
            schema = bodies[0].get("schema") if bodies else None
            parts.append(
                f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> "
                f"{escape(operation.get('summary', ''))}</summary>"
                f"<p>{escape(operation.get('description', ''))}</p>"
                + (f"<p>Takes {_link(schema)}.</p>" if schema else "")
                + (f"<p>May refuse with {refusals}.</p>" if refusals else "")
                + "</details>"
            )
    for name, schema in sorted(described["components"]["schemas"].items()):
        text = msgspec.json.format(msgspec.json.encode(schema)).decode()
        parts.append(
            f"<details id='{escape(name)}'><summary><code>{escape(name)}</code></summary>"
            f"<pre>{escape(text)}</pre></details>"
        )
    intro = (
        f"<h1>Kirana API</h1><p>{escape(described['info']['description'])} "
        "<a href='/v1/openapi.json'>The OpenAPI document</a>.</p>"
    )
    return _html("Kirana API", intro + "".join(parts))


def _describe(operation: dict[str, Any], handler: HTTPRouteHandler) -> None:
    lines = (handler.fn.__doc__ or "").strip().split("\n\n", 1)
    operation["summary"] = " ".join(lines[0].split()).rstrip(".")
    if len(lines) > 1:
        operation["description"] = " ".join(lines[1].split("Raises:")[0].split())
    kinds = [e.problem for e in handler.raises or [] if issubclass(e, DocumentedProblem)]
    names = set(handler.parsed_fn_signature.parameters)
    parameters = operation.setdefault("parameters", [])
    if taken := handler.opt.get("takes"):
        content = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": {taken: content}}
    if any(it["in"] == "path" for it in parameters):
        kinds.append(NotFound)
    if operation.get("requestBody") or parameters:
        kinds.append(InvalidInput)
    if names & {"by", "viewer"}:
        operation["security"] = [{"token": []}, {"session": []}]
        operation["security"] += [] if "by" in names else [{}]
        parameters += [{"$ref": f"#/components/parameters/{name}"} for name in _HEADERS]
        kinds += [NotSignedIn, NotAllowed, InvalidInput]
        if not handler.opt.get(EVEN_SUSPENDED):
            kinds.append(AccountSuspended)
    if not handler.http_methods <= {"GET", "OPTIONS"}:
        kinds += [Overloaded, StorageFull]
    _list_problems(operation, {*kinds, *_ALWAYS})


def _draw_bodies(
    raw: dict[str, Any], described: list[tuple[dict[str, Any], HTTPRouteHandler]]
) -> None:
    """Let msgspec, which reads and writes the bodies, draw them: with limits and tags."""
    places: list[tuple[dict[str, Any], Any]] = []
    for operation, handler in described:
        signature = handler.parsed_fn_signature
        if "data" in signature.parameters:
            (content,) = operation["requestBody"]["content"].values()
            places.append((content, signature.parameters["data"].annotation))
        answer = signature.return_type.annotation
        if get_origin(answer) is Response:
            (answer,) = get_args(answer)
        (done,) = [it for status, it in operation["responses"].items() if status.startswith("2")]
        if answer is NoneType:
            done.pop("content", None)
        elif content := done.get("content", {}).get("application/json"):
            places.append((content, answer))
    schemas, named = msgspec.json.schema_components(
        [shape for _, shape in places], ref_template="#/components/schemas/{name}"
    )
    # Where two rooms use one word, msgspec says `kirana.orders.model.Contact`.
    text = msgspec.json.encode([schemas, named]).decode()
    text = re.sub(r'(?<=["/])kirana\.[\w.]+', lambda it: it[0][7:].replace(".", "_"), text)
    schemas, named = msgspec.json.decode(text)
    for (content, _), schema in zip(places, schemas, strict=True):
        content["schema"] = schema
    for schema in named.values():
        if "description" in schema:
            schema["description"] = cleandoc(schema["description"])
    raw["components"]["schemas"] |= named


def _forget_unused(raw: dict[str, Any]) -> None:
    """Leave out the schemas that nothing names any more."""
    schemas = raw["components"].pop("schemas")
    kept: dict[str, Any] = {}
    waiting = [raw]
    while waiting:
        text = msgspec.json.encode(waiting.pop()).decode()
        for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
            if name not in kept:
                kept[name] = schemas[name]
                waiting.append(schemas[name])
    raw["components"]["schemas"] = dict(sorted(kept.items()))


def _list_problems(operation: dict[str, Any], kinds: set[type[Problem]]) -> None:
    responses = operation["responses"]
    for status in [s for s in responses if s.startswith(("4", "5"))]:
        del responses[status]
    operation["x-problems"] = sorted(kind.slug for kind in kinds)
    for status in sorted({kind.status for kind in kinds}):
        alike = sorted(kind.slug for kind in kinds if kind.status == status)
        responses[str(status)] = {
            "description": ", ".join(alike),
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }


def _dependencies() -> dict[str, Any]:
    """Stand-ins: the document needs the routes' shapes, not the things behind them."""
    from litestar.di import Provide

    def stand_in() -> Any:
        def nothing() -> Any:
            return None

        return Provide(nothing, sync_to_thread=False)

    names = ("db", "bell", "blobs", "hub", "limits", "settings", "viewer", "by", "name_of")
    return {name: stand_in() for name in names}


def _link(schema: dict[str, Any]) -> str:
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return f"<a href='#{escape(name)}'>{escape(name)}</a>" if name else "a body"


def _html(title: str, body: str) -> str:
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title><style>"
        ":root{color-scheme:light dark}body{font:16px/1.5 system-ui;max-width:60rem;"
        "margin:2rem auto;padding:0 1rem}details{border-top:1px solid #8884;padding:.5rem 0}"
        "summary{cursor:pointer}"
        "pre{overflow:auto;font-size:.85rem}</style>"
        f"<main>{body}</main></html>"
    )


_HEADERS = {
    name: {
        "name": name,
        "in": "header",
        "description": description,
        "schema": {"type": "string", "format": "uuid"},
    }
    for name, description in {
        "Kirana-Acting-For": "The shop that one acts for, as one of its team.",
        "Kirana-Confirmation": "A confirmation by PIN or passkey, made for exactly this call.",
    }.items()
}
_PROBLEM = {
    "type": "object",
    "description": "A refusal. Source: RFC 9457.",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "instance": {"type": "string"},
    },
    "additionalProperties": True,
}
