"""A browser without JavaScript: reads a page's words and forms, and sends them as they are."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx


@dataclass
class Form:
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, value and label of each button."""

    def __getitem__(self, name: str) -> str:
        return next(value for key, value in self.fields if key == name)

    def filled(self, button: str = "", **values: str) -> dict[str, Any]:
        """What a browser sends: `button` is the label of the one that was pressed."""
        pressed = [(n, v) for n, v, label in self.buttons if n and button and button in label]
        sent: dict[str, Any] = {}
        for name, value in [*self.fields, *pressed[:1]]:
            sent.setdefault(name, []).append(value)
        return {**sent, **{name: [value] for name, value in values.items()}}


class Page(HTMLParser):
    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.status = answer.status_code
        self.headers = answer.headers
        self.path = answer.url.raw_path.decode()
        self.html = answer.text
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.scripts: list[dict[str, str]] = []
        self.attributes: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.data: list[Any] = []
        self._inside: list[str] = []
        self._radio: dict[str, str] = {}
        self._select: str | None = None
        self._link: str | None = None
        self.feed(answer.text)

    def form(self, action: str) -> Form:
        return next(it for it in self.forms if it.action == action)

    def facts(self, type_: str) -> Any:
        """The JSON-LD of one type."""
        return next(it for block in self.data for it in block if it["@type"] == type_)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.attributes.append((tag, given))
        form = self.forms[-1] if self.forms else None
        match tag:
            case "form":
                self.forms.append(Form(given.get("action", "")))
            case "input" if form is not None and "name" in given:
                kind = given.get("type", "text")
                is_on = kind not in ("radio", "checkbox") or "checked" in given
                if is_on and "disabled" not in given:
                    form.fields.append((given["name"], given.get("value", "")))
            case "textarea" if form is not None:
                form.fields.append((given["name"], ""))
            case "select":
                self._select = given["name"]
            case "option" if self._select and "selected" in given and form is not None:
                form.fields.append((self._select, given["value"]))
            case "button" if form is not None:
                label = given.get("aria-label", "")
                form.buttons.append((given.get("name", ""), given.get("value", ""), label))
            case "script":
                self.scripts.append(given)
                self._inside.append(given.get("type", "script"))
            case "a":
                self._link = given.get("href")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._inside:
            self._inside.pop()
        if tag == "select":
            self._select = None
        if tag == "a":
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._inside and self._inside[-1] == "application/ld+json":
            self.data.append(json.loads(data))
            return
        if self._inside:
            return
        words = " ".join(data.split())
        if words:
            self.text += words + " "
            if self._link:
                self.links[words] = self._link


class Reader:
    """Somebody with a browser. Follows what servers answer to forms."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def open(self, path: str, **headers: str) -> Page:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return Page(await self.client.get(path, headers=given, follow_redirects=True))

    async def send(self, form: Form, button: str = "", **values: str) -> Page:
        answer = await self.client.post(
            form.action,
            data=form.filled(button, **values),
            headers={"Sec-Fetch-Site": "same-origin"},
            follow_redirects=True,
        )
        return Page(answer)
