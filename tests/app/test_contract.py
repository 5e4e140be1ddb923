"""Generated requests over the whole API: none makes the server fail, and each answer is one that
the document promises.
"""

import copy
import itertools
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from kirana.app.api_document import document
from kirana.platform.limits import Limits
from kirana.platform.settings import Settings
from kirana.values import uuid7
from tests.app import world
from tests.live import LiveServer

SLICES = 4
EXAMPLES = {GenerationMode.POSITIVE: 10, GenerationMode.NEGATIVE: 4}
"""Requests for each operation that fit the document, and that do not."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
WHO = ["owner", "shop", "shop", "customer", "customer", "nobody"]
UNKNOWN = str(uuid7())
AMOUNTS = [240, 120, 1, 0, -1, 10**6, 2**53 - 1, 2**53, 2**63, 2**64]
WORDS = {
    "currency": ["INR", "USD", "XXX"],
    "pin": ["2719", "1111"],
    "slug": ["assam-tea", "none"],
    "text": ["18.5204, 73.8567", "Mo-Fr 9-18", "Is it fresh?", "\x00"],
    "phone": ["+919876543210", "?"],
    "q": ["tea", "te", "%"],
    "country": ["IN", "in", "ZZ"],
    "category": ["grocery", "none"],
    "zone": ["Asia/Kolkata", "Mars/Base"],
    "wait_s": [0],
    "ct": [world.CT],
    "rev": ["1.0", "2.0", "0.9"],
    "com": [world.COMMITMENT],
    "timer_s": [0, 86_400, 5],
    "address": ["+919876543210", "ravi@example.org", "Main Road 1", "?"],
}
"""Where any word would do for the document, but only some get past the door."""

schemathesis.openapi.format("uuid7", st.builds(lambda: str(uuid7())))


class EndlessPatience:
    """Seconds that pass so quickly that no limit is ever reached."""

    def __init__(self) -> None:
        self._seconds = itertools.count(step=10_000)

    def __call__(self) -> float:
        return float(next(self._seconds))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("contract")
    shutil.copy(sqlite_template, folder / "kirana.db")
    live = LiveServer(Settings(data_dir=folder, show_codes=True))
    live.start()
    live.kirana.litestar.state["limits"] = Limits(EndlessPatience())
    yield live
    live.stop()


@pytest.mark.slow
@pytest.mark.parametrize("part", range(SLICES))
def test_no_request_makes_the_server_fail(server: LiveServer, part: int) -> None:
    failures = []
    for operation in operations()[part::SLICES]:
        try:
            for mode, count in EXAMPLES.items():
                _try(server, operation, mode, count)
        except Unsatisfiable:
            # There may be nothing in it that could be wrong, but it can be right.
            if mode is GenerationMode.POSITIVE:
                failures.append(f"{operation.label}: no request fits the document")
        except (Exception, BaseExceptionGroup) as failure:
            # One operation's failure must not hide the next one's.
            failures.append(f"{operation.label}: {failure}")

    assert not failures, "\n\n".join(failures)


def _try(server: LiveServer, operation: Any, mode: GenerationMode, count: int) -> None:
    built: world.World = server.write(world.build)
    people = {
        "owner": {"Authorization": f"Bearer {built.owner_token}"},
        "shop": {
            "Authorization": f"Bearer {built.owner_token}",
            "Kirana-Acting-For": built.ids["business_id"],
        },
        "customer": {"Authorization": f"Bearer {built.customer_token}"},
        "nobody": {},
    }

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), who=st.sampled_from(WHO))
    def ask(case: Any, who: str) -> None:
        for part in ("path_parameters", "query", "body"):
            setattr(case, part, built.real(getattr(case, part)))
        response = case.call(base_url=server.url, headers=people[who])
        case.validate_response(response, checks=CHECKS)

    ask()


@cache
def operations() -> list[Any]:
    """All operations of the document, in which ids are those of the world."""
    schema = schemathesis.openapi.from_dict(prepared(document()))
    return [result.ok() for result in schema.get_all_operations()]


def prepared(raw: dict[str, Any]) -> dict[str, Any]:
    """The document with ids and words that exist, so that requests come further than the door."""
    raw = copy.deepcopy(raw)
    schemas = raw["components"]["schemas"]
    asked = msgspec.json.decode(msgspec.json.encode(schemas).replace(b"/schemas/", b"/schemas/In_"))
    for schema in asked.values():
        if properties := schema.get("properties"):
            schema["additionalProperties"] = False
            for name in properties:
                properties[name] = _known(name, properties[name])
    for operation in (it for path in raw["paths"].values() for it in path.values()):
        kept = [it for it in operation.get("parameters", []) if "$ref" not in it]
        for parameter in kept:
            parameter["schema"] = _known(parameter["name"], parameter["schema"])
        operation["parameters"] = kept
        operation.pop("security", None)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            if name := content["schema"].get("$ref"):
                content["schema"] = {"$ref": name.replace("/schemas/", "/schemas/In_")}
    schemas |= {f"In_{name}": schema for name, schema in asked.items()}
    return raw


def _known(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("format") == "uuid":
        names = world.ALIKE.get(name, (name,))
        known = [world.placeholder(it) for it in names if it in world.NAMES]
        if known:
            return {"enum": [*known, *known, UNKNOWN]}
        return {"type": "string", "format": "uuid7"}
    if name in WORDS and schema.get("type") in ("string", "integer"):
        return {"enum": WORDS[name]}
    if name == "amount_minor":
        return {"enum": AMOUNTS}
    if name == "quantities":
        variants = {"enum": [world.placeholder("variant_id")]}
        return schema | {"propertyNames": variants, "additionalProperties": {"enum": [1, 2, 9999]}}
    for inner in ("anyOf", "items"):
        if inner == "items" and isinstance(schema.get(inner), dict):
            schema = schema | {inner: _known(name, schema[inner])}
        elif inner in schema:
            schema = schema | {inner: [_known(name, it) for it in schema[inner]]}
    return schema


@pytest.mark.parametrize(
    ("amount", "status"),
    [
        ("5", 200), (" 5", 200), ("\n  5 ", 200), ("5.0", 422), (" 5.0", 422), ('"5"', 422),
        (' "5"', 422), ("5e1", 422), ("true", 422),
    ],
)  # fmt: skip
def test_amounts_are_whole_numbers_however_the_body_is_spaced(
    server: LiveServer, amount: str, status: int
) -> None:
    built: world.World = server.write(world.build)
    payee = built.ids["user_id"]
    body = f'{{"payee_id": "{payee}", "amount": {{"amount_minor":{amount}, "currency": "INR"}}}}'

    answer = httpx.post(
        f"{server.url}/v1/transfer-previews",
        content=body,
        headers={
            "Authorization": f"Bearer {built.owner_token}",
            "Content-Type": "application/json",
        },
        timeout=60,
    )

    assert answer.status_code == status, answer.text


def test_every_refusal_is_in_the_list_of_problems() -> None:
    listed = (Path(__file__).parents[2] / "docs" / "problems.md").read_text()
    promised = {
        slug
        for path in document()["paths"].values()
        for operation in path.values()
        for slug in operation["x-problems"]
    }

    assert "out-of-stock" in promised
    assert [slug for slug in sorted(promised) if f"| `{slug}` |" not in listed] == []


def test_a_problem_explains_itself_where_its_type_leads(server: LiveServer) -> None:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        told = client.get("/v1/me").json()
        page = client.get(told["type"])
        unknown = client.get("/problems/nonsense")

    assert page.status_code == 200
    assert told["title"] in page.text
    assert unknown.status_code == 404
