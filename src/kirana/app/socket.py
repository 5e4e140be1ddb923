"""The socket: `GET /v1/socket`. Frames are JSON objects; their `t` says what they are.

Every command is also a REST call into the same function. What only the socket can do is bring
the streams as they grow, who is typing, and who is here.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec
import structlog
from litestar.types import Receive, Scope, Send

from kirana import chat, identity
from kirana.platform.bell import Bell
from kirana.platform.db import Db, Tx
from kirana.platform.http import is_same_site
from kirana.platform.hub import Hub, Member
from kirana.platform.problems import InvalidInput, NotAllowed, NotSignedIn
from kirana.platform.stream import acknowledge, head_of
from kirana.platform.websockets import EXTENSION
from kirana.values import Actor, ConversationId, MediaId, MessageId, Problem, UserId

from .auth import Credentials, find_actor
from .watching import Watching

FRAME_BYTES = 128 * 1024
STREAMS = 20
ON_THE_WAY_BYTES = 512 * 1024
"""Of messages for a device that it has not acknowledged; the others wait."""
MARKS_AGAIN_MS = 5000

T = TypeVar("T")

log = structlog.get_logger()


class Frame(msgspec.Struct, tag_field="t", tag=str.lower, frozen=True, gc=False):
    pass


class Hello(Frame, frozen=True):
    """Resume after `pos`; `streams` are the shops that this person may act for."""

    pos: int | None = None
    marks_at: int | None = None
    """Resend the marks that moved since; they are no entries of the stream."""
    streams: dict[UUID, int | None] = {}


class SendMessage(Frame, frozen=True, tag="send"):
    """Either a `body`, to a shop or a customer, or in a private conversation a `ct`."""

    id: UUID
    conv: UUID
    body: msgspec.Raw = msgspec.Raw()
    stream: UUID | None = None
    """The shop that speaks, if it is not the person."""
    ct: str | None = None
    rev: str = ""
    com: str = ""
    ttl_s: int | None = None
    media: list[UUID] = []
    quiet: bool = False
    slot: Literal["settings"] | None = None
    over: int | None = None


class Ack(Frame, frozen=True):
    """What this device has handled: of a stream, up to `pos`; of its own messages, up to `n`."""

    pos: int | None = None
    stream: UUID | None = None
    n: int | None = None


class Read(Frame, frozen=True):
    conv: UUID
    seq: int
    stream: UUID | None = None


class Typing(Frame, frozen=True):
    conv: UUID
    stream: UUID | None = None


class Watch(Frame, frozen=True):
    """Tell whether these are here, until the next `watch` names others."""

    users: list[UUID]


class Ping(Frame, frozen=True):
    pass


Command = Hello | SendMessage | Ack | Read | Typing | Watch | Ping
_decode = msgspec.json.Decoder(Command).decode


class SocketDoor:
    """Lets sockets in, and does what they ask."""

    def __init__(self, db: Db, hub: Hub, bell: Bell) -> None:
        self._db, self._hub, self._bell = db, hub, bell
        self._watching = Watching(db, hub)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        await receive()
        try:
            actor = await self._let_in(headers)
        except Problem:
            await send({"type": "websocket.close", "code": 4401, "reason": "auth"})
            return
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        connection = Connection(self._db, self._hub, self._bell, self._watching, actor, scope, send)
        self._hub.enter(connection.member)
        try:
            await connection.run(receive)
        finally:
            self._hub.leave(connection.member)
            self._watching.forget(connection.member)
            await self._gone(actor)

    async def _gone(self, actor: Actor) -> None:
        if actor.device_id is not None:
            await self._db.write(identity.touch, actor.device_id)
        if not self._hub.is_online(actor.person_id):
            self._watching.changed(actor.person_id)

    async def _let_in(self, headers: dict[str, str]) -> Actor:
        """Raises: NotSignedIn, NotAllowed."""
        credentials = Credentials(headers)
        if credentials.is_cookie and not is_same_site(headers):
            raise NotAllowed
        actor = await find_actor(self._db, credentials) if credentials.token else None
        if actor is None:
            raise NotSignedIn
        return actor


class Connection:
    """One socket: reads commands, answers, and is a member of the hub."""

    __slots__ = (
        "_bell",
        "_counts",
        "_db",
        "_hub",
        "_loop",
        "_on_the_way",
        "_send",
        "_sent_n",
        "_tasks",
        "_watching",
        "actor",
        "member",
    )

    def __init__(
        self,
        db: Db,
        hub: Hub,
        bell: Bell,
        watching: Watching,
        actor: Actor,
        scope: Scope,
        send: Send,
    ) -> None:
        self._db, self._hub, self._bell, self._send = db, hub, bell, send
        self._watching = watching
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sent_n = 0
        self._on_the_way: deque[tuple[int, int]] = deque()
        """Number and size of what this device has not acknowledged."""
        self._counts: bytes | None = None
        self.actor = actor
        extensions: dict[str, Any] = scope.get("extensions") or {}
        self.member = Member(actor, extensions.get(EXTENSION) or self._push, self._close)

    async def run(self, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            text = message.get("text") or message.get("bytes") or ""
            if len(text) > FRAME_BYTES:
                self._say({"t": "err", "code": "too-large"})
                continue
            await self._handle(text)

    async def _handle(self, text: str | bytes) -> None:
        try:
            command = _decode(text)
        except msgspec.MsgspecError as error:
            self._say({"t": "err", "code": InvalidInput.slug, "message": str(error)})
            return
        try:
            await self._do(command)
        except Problem as problem:
            facts = {**problem.facts, "id": getattr(command, "id", None)}
            self._say({"t": "err", "code": problem.slug, "title": problem.title, **facts})
        except Exception:
            log.exception("socket_command_failed", command=type(command).__name__)
            self._say({"t": "err", "code": "unexpected-error", "id": getattr(command, "id", None)})

    async def _do(self, command: Command) -> None:
        match command:
            case Ping():
                self._say({"t": "pong"})
            case Hello():
                await self._hello(command)
            case SendMessage():
                sent = await self._send_message(command, self._as(command.stream))
                self._say({"t": "ok", "id": command.id, "seq": sent.seq, "ts": sent.created_at})
            case Ack():
                if command.pos is not None:
                    await self._acknowledge(self._as(command.stream), command.pos)
                if command.n is not None:
                    await self._acknowledge_mail(command.n)
            case Read():
                by = self._as(command.stream)
                moved = await self._db.write(
                    as_delegate, chat.mark_read, ConversationId(command.conv), command.seq, by=by
                )
                if moved is not None:
                    self._flash(moved)
            case Watch():
                if len(command.users) > chat.MAX_WATCHED:
                    raise InvalidInput(errors=[{"field": "users", "message": "At most 50."}])
                wanted = list(dict.fromkeys(UserId(user_id) for user_id in command.users))
                await self._watching.watch(self.member, wanted)
            case Typing():
                by = self._as(command.stream)
                conversation_id = ConversationId(command.conv)
                audience = await self._db.read(
                    as_delegate, chat.typing_audience, conversation_id, by=by
                )
                self._bell.flash(audience, chat.typing_frame(conversation_id, by.user_id))

    async def _send_message(self, command: SendMessage, by: Actor) -> chat.Sent:
        place, message_id = ConversationId(command.conv), MessageId(command.id)
        if bool(bytes(command.body)) == (command.ct is not None):
            message = "A message has either a body or a ct."
            raise InvalidInput(errors=[{"field": "body", "message": message}])
        if command.ct is None:
            content = chat.read_content(bytes(command.body))
            return await self._db.write_in(
                place, as_delegate, chat.send_message, message_id, place, content, by=by
            )
        sealed = chat.take_sealed(
            command.ct,
            command.rev,
            command.com,
            ttl_s=command.ttl_s,
            media=[MediaId(media_id) for media_id in command.media],
            is_quiet=command.quiet,
            slot=command.slot,
            over=command.over,
        )
        if sealed.slot:
            # New settings let go of a photo that may stand in other conversations too.
            return await self._db.write(
                as_delegate, chat.send_sealed, message_id, place, sealed, by=by
            )
        return await self._db.write_in(
            place, as_delegate, chat.send_sealed, message_id, place, sealed, by=by
        )

    async def _hello(self, command: Hello) -> None:
        me = self.actor.user_id
        wanted: dict[UserId, int | None] = {me: command.pos}
        allowed = await self._db.read(identity.list_delegations, self.actor.person_id)
        for shop_id, pos in list(command.streams.items())[:STREAMS]:
            if shop_id in allowed:
                wanted[UserId(shop_id)] = pos
        heads = {user_id: await self._db.read(head_of, user_id) for user_id in wanted}
        now = await self._db.read(lambda tx: tx.now)
        self._say(
            {
                "t": "welcome",
                "pos": heads[me],
                "now": now,
                "streams": {str(u): p for u, p in heads.items() if u != me},
            }
        )
        if self.actor.kind == "person" and not self.actor.is_acting_for_a_shop:
            self.member.fetch, self.member.has_mail = self._fetch, True
            await self._hub.collect(self.member)
        was_online = self._hub.is_online(me)
        for user_id, pos in wanted.items():
            if user_id not in self.member.feeds:
                self._hub.follow(self.member, user_id, heads[user_id] if pos is None else pos)

        if not was_online:
            self._watching.changed(me)

        if command.marks_at is not None:
            since = max(0, command.marks_at - MARKS_AGAIN_MS)
            for user_id in wanted:
                by = self._as(user_id)
                for mark in await self._db.read(chat.marks_since, since, by=by):
                    self._hub.send(self.member, chat.receipt_frame(mark))

    async def _acknowledge(self, by: Actor, pos: int) -> None:
        """What this device has handled is delivered; a shop's stream counts for the shop."""
        before = await self._db.write(as_delegate, _acknowledge, pos, by=by)
        if before is not None:
            for moved in await self._db.write(as_delegate, chat.mark_arrived, before, pos, by=by):
                self._flash(moved)

    def _flash(self, moved: chat.MarkMoved) -> None:
        for told, frame in moved.frames():
            self._bell.flash(told, frame)

    async def _fetch(self) -> None:
        """Bring what waits for this device alone, and how many of its one-time keys are left."""
        while sum(size for _, size in self._on_the_way) < ON_THE_WAY_BYTES:
            waiting = await self._db.read(chat.find_device_messages, self._sent_n, by=self.actor)
            if waiting is None:
                return
            if waiting.items:
                told = {"t": "td", "n": waiting.n, "items": waiting.items}
                text = msgspec.json.encode(told)
                self._hub.send(self.member, text)
                self._sent_n = waiting.n
                self._on_the_way.append((waiting.n, len(text)))
            counts = msgspec.json.encode(
                {
                    "t": "otk",
                    "counts": waiting.one_time_key_counts,
                    "unused": waiting.unused_fallback_key_types,
                }
            )
            if counts != self._counts:
                self._counts = counts
                self._hub.send(self.member, counts)
            if not waiting.has_more:
                return

    async def _acknowledge_mail(self, n: int) -> None:
        await self._db.write(chat.acknowledge_device_messages, n, by=self.actor)
        while self._on_the_way and self._on_the_way[0][0] <= n:
            self._on_the_way.popleft()
        if self.member.fetch is not None:
            self._hub.expect(self.member)

    def _as(self, stream: UUID | None) -> Actor:
        """Whoever is to do it; for a shop only by `as_delegate`."""
        return self.actor if stream is None else replace(self.actor, user_id=UserId(stream))

    def _say(self, frame: dict[str, Any]) -> None:
        self._hub.send(self.member, msgspec.json.encode(frame))

    def _push(self, text: bytes) -> bool:
        """For servers without our protocol: hand the frame to the server, in order."""
        self._spawn({"type": "websocket.send", "text": text.decode(), "bytes": None})
        return True

    def _close(self, why: str) -> None:
        bye = msgspec.json.encode({"t": "bye", "why": why})
        self.member.push(bye)
        self._spawn({"type": "websocket.close", "code": 4000, "reason": why})

    def _spawn(self, message: Any) -> None:
        async def go() -> None:
            try:
                await self._send(message)
            except Exception:
                self._hub.leave(self.member)

        task = self._loop.create_task(go())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def as_delegate(tx: Tx, do: Callable[..., T], *args: Any, by: Actor) -> T:
    """Do it, if `by` may act for that shop at this moment: a socket outlives a place in a team.

    Raises: NotAllowed, AccountSuspended.
    """
    if by.is_acting_for_a_shop:
        if not identity.may_act_for(tx, by.person_id, by.user_id):
            raise NotAllowed
        identity.require_admitted(tx, by.user_id)
    return do(tx, *args, by=by)


def _acknowledge(tx: Tx, pos: int, *, by: Actor) -> int | None:
    return acknowledge(tx, by.device_id, by.user_id, pos) if by.device_id else None
