"""`kirana chat`: talk from the command line, privately where that is due.

Exit codes: 0 it is done, 1 the server refused or it waits, 2 something is missing here.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from .client import Client
from .history import Message
from .kinds import line_of
from .polls import Poll, polls_in
from .problems import ClientProblem, Refused
from .verification import CANCELLED, COMPARE, DONE, INCOMING, READY, Verification

DONE_CODE, WAITS, MISSING = 0, 1, 2
WAIT_S = 180.0
SEARCHED = 1_000
"""How far back votes are looked for."""

_EPILOG = """\
sign in once:
  Make a token (the app: Settings, Programs; or POST /v1/tokens) and put it into a file:
    kirana chat --server https://… --token-file token.txt status
  This device then lives in FILE, with its keys; FILE.key opens it. Keep both to yourself.

private conversations:
  kirana chat begin                   the very first device: prints the recovery key
  kirana chat recover                 a further one: reads the recovery key from standard input
  kirana chat verify @meera           compare seven emoji with a person, or with an own device

examples:
  kirana chat list
  kirana chat read @meera --limit 20
  kirana chat send @meera "At four?"
  echo "Backup done" | kirana chat send 01a2… -
  kirana chat follow --json | while read -r line; do …; done

A conversation is named by its id, or by who is on the other side: @handle, phone number or id.
"""


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add `chat` to the command line."""
    chat = commands.add_parser(
        "chat",
        help="read and write messages, privately where that is due",
        description="Read and write messages as one device of yours.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    chat.add_argument("--server", metavar="URL", help="the server; remembered in FILE")
    chat.add_argument(
        "--token-file", metavar="FILE", help="where this device's token is; remembered in FILE"
    )
    chat.add_argument(
        "--file",
        metavar="FILE",
        default="~/.local/share/kirana/chat.db",
        help="what this device knows, with its keys (default: %(default)s)",
    )
    chat.add_argument("--json", action="store_true", help="print one JSON object a line")
    acts = chat.add_subparsers(metavar="ACT", required=True)

    _act(acts, "status", "how this device stands", _status)
    _act(acts, "list", "one's conversations, the latest first", _list)
    read = _act(acts, "read", "the latest messages of a conversation", _read)
    read.add_argument("conversation", help="its id, or @handle, number or id of the other side")
    read.add_argument("--limit", type=int, default=30, help="how many (default: %(default)s)")
    read.add_argument("--before", type=int, metavar="NUMBER", help="only those before this number")
    send = _act(acts, "send", "write a message", _send)
    send.add_argument("conversation", help="its id, or @handle, number or id of the other side")
    send.add_argument("text", help="what to say; - for standard input")
    send.add_argument("--id", help="the message's id: the same one again is sent once")
    send.add_argument("--attach", metavar="FILE", help="send this file, with the text as caption")
    save = _act(acts, "save", "fetch the file of a message", _save)
    save.add_argument("conversation", help="its id, or @handle, number or id of the other side")
    save.add_argument("number", type=int, help="the message's number in its conversation")
    save.add_argument("out", help="where to write it")
    follow = _act(acts, "follow", "print what comes, until interrupted", _follow)
    follow.add_argument("conversation", nargs="?", help="only this one")
    group = _act(acts, "group", "begin a private group", _group)
    group.add_argument("title", help="what its members call it; the server never sees it")
    group.add_argument("member", nargs="+", help="@handle, phone number or id")
    begin = _act(acts, "begin", "be the first device: prints the recovery key", _begin)
    begin.add_argument(
        "--anew", action="store_true", help="replace an identity that was lost with all devices"
    )
    begin.add_argument("--confirmation", metavar="ID", help="the confirmation which that needs")
    recover = _act(acts, "recover", "be a further device, by the recovery key", _recover)
    recover.add_argument("key", nargs="?", help="the key; left out, it is read from standard input")
    verify = _act(acts, "verify", "compare emoji; without a name, wait to be asked", _verify)
    verify.add_argument(
        "person", nargs="?", help="@handle, phone number or id; `me` for an own device"
    )
    verify.add_argument("--yes", action="store_true", help="take the emoji for the same (in tests)")


def _act(
    acts: "argparse._SubParsersAction[Any]",
    name: str,
    help: str,
    run: Callable[[Client, argparse.Namespace], Coroutine[Any, Any, int]],
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = acts.add_parser(name, help=help)
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print one JSON object a line",
    )
    parser.set_defaults(run=lambda chosen, _: run_act(chosen, run))
    return parser


def run_act(
    chosen: argparse.Namespace,
    run: Callable[[Client, argparse.Namespace], Coroutine[Any, Any, int]],
) -> int:
    """Open the device's file, do one thing, and say how it went."""
    try:
        return asyncio.run(_opened(chosen, run))
    except Refused as refused:
        _say_problem(chosen, refused.slug, str(refused))
        return WAITS
    except ClientProblem as problem:
        _say_problem(chosen, type(problem).__name__, str(problem))
        return MISSING
    except OSError as error:
        _say_problem(chosen, "file", f"{error.filename}: {error.strerror}")
        return MISSING


async def _opened(
    chosen: argparse.Namespace,
    run: Callable[[Client, argparse.Namespace], Coroutine[Any, Any, int]],
) -> int:
    file = Path(chosen.file).expanduser()
    remembered = file.with_name(file.name + ".server")
    known = json.loads(remembered.read_text()) if remembered.exists() else {}
    server = chosen.server or known.get("server")
    token_file = chosen.token_file or known.get("token_file")
    if not server or not token_file:
        raise ClientProblem("Say --server and --token-file the first time: kirana chat --help")
    token_path = Path(token_file).expanduser().resolve()
    client = await Client.open(server, token_path.read_text().strip(), file)
    if known != (told := {"server": server, "token_file": str(token_path)}):
        descriptor = os.open(remembered, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(told, out)
    async with client:
        return await run(client, chosen)


async def _status(client: Client, chosen: argparse.Namespace) -> int:
    state = await client.start()
    await client.pull()
    told = {
        "user_id": client.user_id,
        "device_id": client.device_id,
        "state": state,
        "waiting": len(client.outbox.waiting()),
        "is_backed_up": client.backup.version is not None,
    }
    text = {
        "new": "There is no identity yet: `kirana chat begin`.",
        "unconfirmed": "Not confirmed yet: `kirana chat recover` or `kirana chat verify me`.",
        "confirmed": "This device can read and write private conversations.",
        "changed": "Your identity was replaced elsewhere: confirm this device anew.",
    }[state]
    _say(chosen, told, text)
    return DONE_CODE


async def _list(client: Client, chosen: argparse.Namespace) -> int:
    await client.pull()
    for told in await client.list_conversations():
        known = client.conversations.find(told["id"])
        other = told.get("other") or {}
        name = (known.title if known else None) or other.get("name") or "A group"
        line = {
            "id": told["id"],
            "kind": told["kind"],
            "form": told["form"],
            "name": name,
            "unread": told.get("unread", 0),
            "seq": told["seq"],
        }
        mark = f"  ({line['unread']} new)" if line["unread"] else ""
        _say(chosen, line, f"{told['id']}  {told['kind']:8}  {name}{mark}")
    return DONE_CODE


async def _read(client: Client, chosen: argparse.Namespace) -> int:
    await client.pull()
    conv = await _conversation(client, chosen.conversation)
    page = await client.read_history(conv, before=chosen.before, limit=chosen.limit)
    if page and chosen.before is None:
        with suppress(Refused):  # A stranger's request is read without telling.
            await client.mark_read(conv, page[-1].seq)
    polls = polls_in(client.history.page(conv, limit=SEARCHED))
    for message in page:
        client.history.mark_told(message.id)  # `follow` goes on after them.
        _say_message(chosen, message, polls.get(message.id))
    return DONE_CODE


async def _send(client: Client, chosen: argparse.Namespace) -> int:
    await client.pull()
    conv = await _conversation(client, chosen.conversation)
    text = sys.stdin.read().rstrip("\n") if chosen.text == "-" else chosen.text
    if chosen.attach:
        sent = await client.send_file(conv, chosen.attach, caption=text)
    else:
        sent = await client.say(conv, text, id=chosen.id)
    await client.backup.write()
    told = {
        "id": sent.id,
        "conv": sent.conv,
        "seq": sent.seq,
        "waits_for": sent.waits_for,
        "without": list(sent.without),
    }
    where = f"sent as number {sent.seq}" if sent.seq else f"kept; it waits for {sent.waits_for}"
    _say(chosen, told, where)
    return DONE_CODE if sent.seq else WAITS


async def _save(client: Client, chosen: argparse.Namespace) -> int:
    await client.pull()
    conv = await _conversation(client, chosen.conversation)
    page = await client.read_history(conv, before=chosen.number + 1, limit=1)
    if not page or page[-1].seq != chosen.number or page[-1].content is None:
        raise ClientProblem("There is no such message that can be read here.")
    content = await client.fetch_file(page[-1].content)
    Path(chosen.out).write_bytes(content)
    _say(chosen, {"out": chosen.out, "size_bytes": len(content)}, f"{len(content)} bytes")
    return DONE_CODE


async def _follow(client: Client, chosen: argparse.Namespace) -> int:
    only = await _conversation(client, chosen.conversation) if chosen.conversation else None
    following = client.follow()
    listening = asyncio.create_task(_listen(client, chosen, only))
    done, _ = await asyncio.wait({following, listening}, return_when=asyncio.FIRST_COMPLETED)
    listening.cancel()
    for task in done:
        task.result()
    return DONE_CODE


async def _listen(client: Client, chosen: argparse.Namespace, only: str | None) -> None:
    async for message in client.messages():
        if only in (None, message.conv):
            _say_message(chosen, message)


async def _group(client: Client, chosen: argparse.Namespace) -> int:
    await client.pull()
    members = [await _person(client, name) for name in chosen.member]
    made = await client.make_group(chosen.title, members)
    await client.backup.write()
    _say(chosen, {"id": made.id, "title": made.title}, made.id)
    return DONE_CODE


async def _begin(client: Client, chosen: argparse.Namespace) -> int:
    key = await client.begin(confirmation=chosen.confirmation, anew=chosen.anew)
    await client.pull()
    text = f"{key}\nThis is your recovery key. Write it down: whoever has it is you."
    _say(chosen, {"recovery_key": key}, text)
    return DONE_CODE


async def _recover(client: Client, chosen: argparse.Namespace) -> int:
    key = chosen.key or await asyncio.to_thread(sys.stdin.readline)
    await client.recover(key)
    await client.pull()
    return await _status(client, chosen)


async def _verify(client: Client, chosen: argparse.Namespace) -> int:
    await client.start()
    await client.pull()
    if chosen.person is None:
        asked = await _until_asked(client)
        await client.verifications.accept(asked.id)
    else:
        who = client.user_id if chosen.person == "me" else await _person(client, chosen.person)
        asked = await client.verify(who)
        _say(chosen, {"asked": who}, "Asked. Accept on the other device.")
    await _until(client, asked, READY, COMPARE)
    if asked.phase == READY and asked.we_asked:
        await client.verifications.start(asked.id)
    await _until(client, asked, COMPARE)
    if asked.phase == COMPARE:
        shown = [{"emoji": sign, "name": name} for sign, name in asked.emoji]
        _say(chosen, {"emoji": shown}, "\n".join(f"  {s}  {n}" for s, n in asked.emoji))
        is_same = chosen.yes or await asyncio.to_thread(_ask, "The same on both? [y/N] ")
        if is_same:
            await client.verifications.confirm(asked.id)
        else:
            await client.verifications.cancel(asked.id, mismatch=True)
    await _until(client, asked, DONE)
    for _ in range(2):
        await client.pull()
    text = "Verified." if asked.phase == DONE else f"Not verified: {asked.reason}"
    _say(chosen, {"phase": asked.phase, "reason": asked.reason}, text)
    return DONE_CODE if asked.phase == DONE else WAITS


async def _until_asked(client: Client) -> Verification:
    async with asyncio.timeout(WAIT_S):
        while True:
            for asked in client.verifications.open:
                if asked.phase == INCOMING:
                    return asked
            await asyncio.sleep(0.5)
            await client.pull_letters()


async def _until(client: Client, asked: Verification, *phases: str) -> None:
    """Wait for a phase; one that is cancelled ends any waiting."""
    try:
        async with asyncio.timeout(WAIT_S):
            while asked.phase not in (*phases, CANCELLED, DONE):
                await asyncio.sleep(0.5)
                await client.pull_letters()
    except TimeoutError:
        await client.verifications.cancel(asked.id)


def _ask(question: str) -> bool:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


async def _person(client: Client, name: str) -> str:
    """The id of a person or a shop. Raises: Refused."""
    if not name.startswith(("@", "+")):
        return name
    wanted = {"phone": name} if name.startswith("+") else {"handle": name[1:]}
    try:
        found = await client.call("POST", "/v1/contact-lookups", wanted)
    except Refused as refused:
        if refused.status != 404 or "phone" in wanted:
            raise
        found = await client.call("GET", f"/v1/handles/{name[1:]}")
    return str(found["id"])


async def _conversation(client: Client, name: str) -> str:
    """The conversation of this name; with a person or a shop it is begun if there was none."""
    if client.conversations.find(name) is not None:
        return name
    if not name.startswith("@"):
        try:
            return (await client.conversations.refresh(name)).id
        except Refused as refused:
            if refused.status != 404:
                raise
    person = await _person(client, name)
    try:
        return (await client.talk_with(person)).id
    except Refused as refused:
        if refused.slug not in ("needs-business", "no-devices"):
            raise
        return (await client.talk_with(person, "business")).id


def _say(chosen: argparse.Namespace, told: dict[str, Any], text: str) -> None:
    shown = json.dumps(told, ensure_ascii=False) if chosen.json else text
    print(shown, flush=True)  # noqa: T201


def _say_message(chosen: argparse.Namespace, message: Message, poll: Poll | None = None) -> None:
    told = {
        "conv": message.conv,
        "seq": message.seq,
        "id": message.id,
        "k": message.k,
        "from": message.sender,
        "ts": message.ts,
        "content": message.content,
        "unread": message.unread,
        "shield": message.shield,
    }
    if poll is not None:
        told["votes"] = poll.votes
        told["is_ended"] = poll.is_ended
    text = line_of(message.content) if message.content else f"[{message.unread or message.k}]"
    if poll is not None:
        text += f" ({', '.join(str(len(by)) for by in poll.votes)} votes)"
    # What others wrote must not command the terminal.
    text = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
    _say(chosen, told, f"{message.seq:>5}  {str(message.sender or 'Kirana')[-12:]:12}  {text}")


def _say_problem(chosen: argparse.Namespace, name: str, text: str) -> None:
    if chosen.json:
        print(json.dumps({"problem": name, "text": text}), flush=True)  # noqa: T201
    print(text, file=sys.stderr)  # noqa: T201
