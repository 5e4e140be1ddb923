"""Refuses to build a package without the built front end: a wheel must serve without node."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        page = Path(self.root, "src/kirana/app/web/index.html")
        if version != "editable" and not page.exists():
            raise RuntimeError("The front end is not built: run `make web` first.")
