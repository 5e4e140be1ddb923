"""The public's pages."""

from typing import Any

routes: list[Any] = []
