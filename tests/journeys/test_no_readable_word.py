"""After a long private talk, no word of it stands anywhere on the server, in any encoding."""

import base64
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.journeys import make
from tests.live import LiveServer

from .test_private_talk import People, pull, said

WORDS = {
    "text": "Quokkafestival",
    "umlaut": "Blütenzauberwald",
    "hindi": "गुलमोहरवाटिका",
    "caption": "Zwielichtkaskade",
    "file": "Fernwehkompass",
    "content": "Tintenfischballade",
    "title": "Papageientreffen",
    "place": "Nebelschluchtweg",
    "contact": "Wolkenbrunner",
    "edit": "Morgentauquartett",
    "reply": "Silberdistelpfad",
}
CONTROL = "Kardamomkontrolle"


def spellings(word: str) -> set[bytes]:
    """Each way in which these letters could stand in a file."""
    found: set[bytes] = set()
    texts = {word, word.lower(), json.dumps(word)[1:-1]}
    for text in texts:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            raw = text.encode(encoding)
            found |= {raw, raw.hex().encode(), raw.hex().upper().encode()}
            for offset in range(3):
                coded = base64.b64encode(bytes(offset) + raw)
                start = (0, 2, 3)[offset]
                inner = coded[start : len(coded) - 4]
                found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def haystacks(folder: Path, database_url: str) -> Iterator[tuple[str, bytes]]:
    """Every file of the server, and every row of its database."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "devices" not in file.relative_to(folder).parts:
            yield str(file), file.read_bytes()
    if database_url.startswith("sqlite"):
        with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
            for statement in connection.iterdump():
                yield "dump", statement.encode("utf-8", "surrogateescape")
        return
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        for (table,) in tables:
            cursor = connection.cursor()
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:  # type: ignore[arg-type]
                yield table, b"".join(bytes(row) for row in copy)


def found(words: Any, folder: Path, database_url: str) -> set[tuple[str, str]]:
    needles = {word: spellings(word) for word in words}
    return {
        (word, place)
        for place, content in haystacks(folder, database_url)
        for word, some in needles.items()
        if any(needle in content for needle in some)
    }


@pytest.fixture
async def people(live: LiveServer, tmp_path: Path) -> Any:
    from contextlib import AsyncExitStack

    folder = tmp_path / "devices"
    folder.mkdir()
    async with AsyncExitStack() as stack:
        yield People(live, folder, stack)


async def test_no_word_of_a_private_talk_is_on_the_server(
    people: People, live: LiveServer, tmp_path: Path, database_url: str
) -> None:
    shop = make.shop(live)
    asha, ravi, talk = await people.friends()
    plain = await asha.talk_with(shop.id, "business")
    await asha.say(plain.id, CONTROL)
    first = await asha.say(talk, f"{WORDS['text']} {WORDS['umlaut']} {WORDS['hindi']}")
    letter = people.folder / f"{WORDS['file']}.txt"
    letter.write_text(WORDS["content"] * 1000)
    await asha.send_file(talk, letter, caption=WORDS["caption"])
    await asha.send(talk, {"type": "location", "lat": 1.5, "lon": 2.5, "name": WORDS["place"]})
    await asha.send(talk, {"type": "contact", "people": [{"name": WORDS["contact"], "phones": []}]})
    await asha.send(
        talk,
        {
            "type": "edit",
            "target_id": first.id,
            "content": {"type": "text", "text": WORDS["edit"]},
        },
    )
    quote = {"id": first.id, "quote": WORDS["text"]}
    await ravi.pull()
    await ravi.send(talk, {"type": "text", "text": WORDS["reply"], "reply_to": quote})
    group = (await ravi.make_group(WORDS["title"], [asha.user_id])).id
    await ravi.say(group, WORDS["text"])
    await pull(asha, ravi, asha)
    (file,) = [
        it for it in ravi.history.page(talk) if (it.content or {}).get("name") == letter.name
    ]
    assert file.content is not None
    assert await ravi.fetch_file(file.content) == letter.read_bytes()
    assert said(asha, talk)[-1] == WORDS["reply"]
    assert asha.backup.version is not None

    everything = found([*WORDS.values(), CONTROL], tmp_path, database_url)

    assert {word for word, _ in everything} == {CONTROL}


def test_the_search_finds_a_word_in_each_spelling(tmp_path: Path) -> None:
    word = WORDS["hindi"]
    raw = word.encode()
    for number, hidden in enumerate(
        [
            raw,
            b"xx" + word.encode("utf-16-le"),
            word.encode("utf-16-be"),
            raw.hex().encode(),
            json.dumps({"a": word}).encode(),
            *(base64.b64encode(bytes(offset) + raw + b"tail") for offset in range(5)),
            base64.urlsafe_b64encode(b"{" + raw + b"}"),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "file").write_bytes(b"before" + hidden + b"after")
        assert found([word], folder, f"sqlite:///{tmp_path / 'empty.db'}"), number
