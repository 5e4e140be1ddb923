"""We resolve dependencies in Litestar's stead (`app/injection.py`): it must be what it does itself.

When one of these fails after an upgrade, look at `KwargsModel.resolve_dependencies` of the new
version, and drop our own if it is no longer worth it.
"""

import importlib.util
import inspect
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar, get
from litestar._kwargs import kwargs_model
from litestar._kwargs.cleanup import DependencyCleanupGroup
from litestar._kwargs.dependencies import resolve_dependency
from litestar.di import Provide

from kirana.app import injection
from tests.apps import RunningApp

UPGRADED = "Litestar changed how it resolves dependencies: look at kirana/app/injection.py again."


def litestars_own() -> Callable[..., Any]:
    """The method as Litestar ships it, from a copy of its module that nobody has touched."""
    assert kwargs_model.__file__
    spec = importlib.util.spec_from_file_location("untouched", kwargs_model.__file__)
    assert spec
    assert spec.loader
    untouched = importlib.util.module_from_spec(spec)
    # Its dataclass looks its module up.
    sys.modules[spec.name] = untouched
    spec.loader.exec_module(untouched)
    own: Callable[..., Any] = untouched.KwargsModel.resolve_dependencies
    return own


def test_litestar_asks_and_is_answered_in_the_same_way() -> None:
    own, ours = inspect.signature(litestars_own()), inspect.signature(injection._resolve_in_turn)

    assert list(own.parameters) == list(ours.parameters) == ["self", "connection", "kwargs"], (
        UPGRADED
    )
    assert "DependencyCleanupGroup" in str(own.return_annotation), UPGRADED
    asked = list(inspect.signature(resolve_dependency).parameters)
    assert asked == ["dependency", "connection", "kwargs", "cleanup_group"], UPGRADED
    assert inspect.iscoroutinefunction(litestars_own()), UPGRADED
    assert isinstance(DependencyCleanupGroup(), DependencyCleanupGroup)


async def test_a_request_of_ours_goes_this_way(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[str] = []

    async def watched(self: Any, connection: Any, kwargs: dict[str, Any]) -> Any:
        went.append(connection.url.path)
        return await injection._resolve_in_turn(self, connection, kwargs)

    assert kwargs_model.KwargsModel.resolve_dependencies is injection._resolve_in_turn
    monkeypatch.setattr(kwargs_model.KwargsModel, "resolve_dependencies", watched)
    client = await app.client(await app.person())

    assert (await client.get("/v1/me")).status_code == 200
    assert went == ["/v1/me"], UPGRADED


@pytest.mark.parametrize("whose", ["Litestar", "Kirana"])
async def test_both_give_the_same_and_clean_up_the_same(
    whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = litestars_own() if whose == "Litestar" else injection._resolve_in_turn
    monkeypatch.setattr(kwargs_model.KwargsModel, "resolve_dependencies", resolve)
    happened: list[str] = []

    async def opened() -> AsyncIterator[int]:
        happened.append("opened")
        yield 2
        happened.append("closed")

    async def doubled(opened: int) -> int:
        return opened * 2

    def summed(opened: int, doubled: int, extra: int = 1) -> int:
        return opened + doubled + extra

    @get("/{extra:int}")
    async def show(summed: int, doubled: int) -> list[int]:
        happened.append("answered")
        return [summed, doubled]

    made = Litestar(
        [show],
        dependencies={
            "opened": Provide(opened),
            "doubled": Provide(doubled),
            "summed": Provide(summed, sync_to_thread=False),
        },
        openapi_config=None,
        logging_config=None,
    )
    transport = httpx.ASGITransport(app=made)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://kirana.test") as client:
        answer = await client.get("/3")

    assert answer.json() == [9, 4], UPGRADED
    assert happened == ["opened", "answered", "closed"], UPGRADED
