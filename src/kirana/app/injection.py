"""Dependencies, resolved in turn.

Litestar resolves those of one rank at the same time, each in a task of its own. Ours only look
something up: the tasks would cost more than a third of a request.
"""

from typing import Any

from litestar._kwargs.cleanup import DependencyCleanupGroup
from litestar._kwargs.dependencies import resolve_dependency
from litestar._kwargs.kwargs_model import KwargsModel
from litestar.connection import ASGIConnection


async def _resolve_in_turn(
    self: KwargsModel, connection: ASGIConnection[Any, Any, Any, Any], kwargs: dict[str, Any]
) -> DependencyCleanupGroup:
    group = DependencyCleanupGroup()
    for rank in self.dependency_batches:
        for dependency in rank:
            await resolve_dependency(dependency, connection, kwargs, group)
    return group


def resolve_in_turn() -> None:
    KwargsModel.resolve_dependencies = _resolve_in_turn  # type: ignore[method-assign]
