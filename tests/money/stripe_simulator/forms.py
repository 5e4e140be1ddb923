"""Bodies as Stripe takes them: forms, with brackets for what is nested. JSON is refused."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

_PART = re.compile(r"\[([^\]]*)\]")


class BadRequest(Exception):
    """400 or another refusal, in Stripe's words."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        param: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
        decline: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": kind, "code": code, "message": message}
        if param:
            self.error["param"] = param
        if decline:
            self.error["decline_code"] = decline


def read_form(text: str) -> dict[str, Any]:
    """`a[b]=1&c[0]=2` as dictionaries."""
    found: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)):
        head = key.split("[", 1)[0]
        path = [head, *_PART.findall(key)]
        at = found
        for part in path[:-1]:
            at = at.setdefault(part, {})
        at[path[-1]] = value
    return found


def check(params: Mapping[str, Any], known: set[str], needed: tuple[str, ...] = ()) -> None:
    """Refuses what Stripe does not know and what it misses."""
    for name in params:
        if name not in known:
            raise BadRequest("parameter_unknown", f"Received unknown parameter: {name}", param=name)
    for name in needed:
        if not params.get(name):
            raise BadRequest("parameter_missing", f"Missing required param: {name}.", param=name)


def whole(params: Mapping[str, Any], name: str) -> int:
    text = str(params.get(name, ""))
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise BadRequest("parameter_invalid_integer", f"Invalid integer: {text}", param=name)
    return int(text)
