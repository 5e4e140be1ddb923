"""From templates to answers: the look that all pages share, and what browsers are told of them."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from kirana.platform.amounts import money_text
from kirana.platform.settings import Settings
from kirana.values import Money

from . import formats
from .assets import address_of
from .looks import hue_class, initial_of
from .words import Words

_FOLDER = Path(__file__).parent / "templates"


def draw(
    template: str, words: Words, settings: Settings, *, country: str = "", **facts: object
) -> bytes:
    """A template filled in: everything that is no markup of ours is escaped."""
    locale = formats.locale_of(words.language, country)

    def price(money: Money) -> Markup:
        return formats.money_html(money.amount_minor, money.currency, locale, is_short=True)

    def exact(money: Money) -> Markup:
        return formats.money_html(money.amount_minor, money.currency, locale)

    def plain(money: Money) -> str:
        return money_text(money.amount_minor, money.currency, locale, is_short=True)

    text = (
        _environment()
        .get_template(template)
        .render(
            t=words,
            town=settings.name,
            is_demo=settings.demo,
            site=settings.public_url,
            locale=locale,
            price=price,
            exact=exact,
            plain_price=plain,
            **facts,
        )
    )
    return text.encode()


def data_block(facts: Sequence[Mapping[str, Any]]) -> Markup:
    """JSON-LD for a page. No text in it can end the block."""
    text = json.dumps(list(facts), ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 (made safe above)


def answer(
    request: Request[Any, Any, Any],
    settings: Settings,
    body: bytes,
    *,
    status: int = 200,
    cookies: Sequence[Cookie] = (),
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """A page, or that it is the same as the one that the browser has."""
    tag = f'W/"{sha256(body).hexdigest()[:24]}"'
    all_headers = {
        "Content-Security-Policy": policy(settings.tiles_url),
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Language, Cookie",
        "ETag": tag,
        **(headers or {}),
    }
    if status == 200 and not cookies and tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=all_headers)
    return Response(
        body,
        status_code=status,
        media_type="text/html",
        headers=all_headers,
        cookies=list(cookies),
    )


@cache
def policy(tiles_url: str) -> str:
    """What a page may load: its own server's files, and map tiles where the operator chose some."""
    host = "/".join(tiles_url.split("/")[:3]).replace("{s}", "*") if tiles_url else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        f"img-src 'self' data:{' ' + host if host else ''}; media-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types kirana-page"
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    environment.globals.update(asset=address_of, hue=hue_class, initial=initial_of)
    environment.filters["clock"] = formats.wall_text
    environment.filters["weekday"] = formats.weekday_text
    environment.filters["day"] = formats.day_text
    environment.filters["short_day"] = formats.short_day_text
    environment.filters["moment"] = formats.moment_text
    environment.filters["lately"] = formats.lately_text
    environment.filters["phone"] = formats.phone_text
    environment.filters["time"] = formats.clock_text
    return environment
