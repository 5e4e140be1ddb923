"""The simulator over HTTP: the API, and a page to pay at."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from . import page
from .faults import Fault
from .forms import BadRequest, read_form
from .permissions import require_permission
from .state import Delivery, Object, Stripe, shown

KEYS_KNOWN_FOR_S = 24 * 3600
_MOST = 100


@dataclass
class _Known:
    """A key that was used: for what, and what was answered. No answer yet: in flight."""

    content: tuple[str, str]
    at: int
    answer: tuple[int, Object] | None = None


@dataclass
class Access:
    """What a key opens: an account, and of it what is allowed. None: all."""

    stripe: Stripe
    may: set[str] | None = None


@dataclass
class Simulator:
    """Stripe on a free port of this machine. Use it with `with`."""

    now: Callable[[], int] = field(default=lambda: int(time.time()))
    key: str = "sk_test_simulator"
    slow_s: float = 0.9
    webhook_url: str | None = None
    """Where events are posted as they happen; without it they wait for `take_deliveries`."""
    posts: bool = False
    """Whether events are posted to the endpoints that accounts have made."""
    times_told: int = 1
    """How often each event is posted. Stripe says once at least."""
    is_quiet: bool = False
    """Events are late: they wait until this is False again."""
    is_reachable: bool = True
    """Whether Stripe takes the addresses at which it is to tell: not those of a private network."""

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.stripe = Stripe(self.now)
        self.keys = {self.key: Access(self.stripe)}
        self.calls: list[tuple[str, str, str | None]] = []
        self.unsigned: list[Object] = []
        self._told = 0
        self._faults: list[tuple[str, Fault]] = []
        self._known: dict[tuple[str, str], _Known] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.stripe.base_url = self.url
        self._threads = [threading.Thread(target=self._server.serve_forever, daemon=True)]
        self._is_closed = threading.Event()

    def __enter__(self) -> "Simulator":
        if self.posts or self.webhook_url:
            self._threads.append(threading.Thread(target=self._post_events, daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closed.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()

    def open_account(self, name: str, key: str, *, may: set[str] | None = None) -> Stripe:
        """Another account, with a key that may do all, or what it `may`."""
        stripe = Stripe(self.now, secret="", base_url=self.url, name=name)
        self.keys[key] = Access(stripe, may)
        return stripe

    def fail_next(self, fault: Fault, path: str = "") -> None:
        """Let the next changing call whose path holds `path` fail so."""
        with self.lock:
            self._faults.append((path, fault))

    def take_deliveries(self) -> list[Delivery]:
        """The operator's events since the last time, signed now, in the order in which they
        happened."""
        with self.lock:
            new = self.stripe.events[self._told :]
            self._told = len(self.stripe.events)
            return [self.stripe.sign(event) for event in new]

    def stripe_of(self, session_id: str) -> Stripe:
        """The account whose page it is."""
        with self.lock:
            stripes = [it.stripe for it in self.keys.values()]
            return next((it for it in stripes if session_id in it.sessions), self.stripe)

    def finish(self) -> None:
        """Wait until no call is under way."""
        while True:
            with self.lock:
                if all(it.answer is not None for it in self._known.values()):
                    return
            time.sleep(0.01)

    def only_session(self) -> Object:
        with self.lock:
            [session] = self.stripe.sessions.values()
            return session

    # Answering

    def answer(
        self, method: str, path: str, body: str, key: str | None, access: Access
    ) -> tuple[int, Object] | None:
        """Status and body; None when the connection is to be cut."""
        with self.lock:
            self.calls.append((method, path.split("?")[0], key))
            if method == "GET":
                return self._try(method, path, body, access)
            known_by = (access.stripe.name, key or "")
            known = self._known.get(known_by) if key else None
            if known and self.now() - known.at > KEYS_KNOWN_FOR_S:
                known = None
            if known:
                return _repeat(known, (path, body))
            fault = self._fault_for(path)
            if fault is Fault.BUSY:
                return _error("rate_limit", "Too many requests.", 429)
            if fault is Fault.IN_FLIGHT:
                return _error("idempotency_key_in_use", "In flight.", 409, "idempotency_error")
            if fault is Fault.DROPPED:
                return None
            known = _Known((path, body), self.now())
            if key:
                self._known[known_by] = known
        if fault is Fault.SLOW:
            time.sleep(self.slow_s)
        with self.lock:
            broken = _error("internal", "Something went wrong.", 500, "api_error")
            answer = (
                broken if fault is Fault.ERROR_BEFORE else self._try(method, path, body, access)
            )
            if fault is Fault.ERROR_AFTER:
                answer = broken
            if answer[0] in (400, 404) and key:
                # What was not begun is not kept.
                del self._known[known_by]
            known.answer = answer
        return None if fault is Fault.LOST else answer

    def _fault_for(self, path: str) -> Fault | None:
        for number, (part, fault) in enumerate(self._faults):
            if part in path:
                del self._faults[number]
                return fault
        return None

    def _try(self, method: str, path: str, body: str, access: Access) -> tuple[int, Object]:
        try:
            require_permission(access.may, method, path)
            return 200, self._route(method, path, body, access.stripe)
        except BadRequest as refused:
            return refused.status, {"error": refused.error}

    def _route(self, method: str, path: str, body: str, it: Stripe) -> Object:
        parts = urlsplit(path)
        names = parts.path.strip("/").split("/")
        query = read_form(parts.query)
        it.pass_time()
        match method, names:
            case "POST", ["v1", "checkout", "sessions"]:
                return shown(it.open_session(read_form(body)))
            case "GET", ["v1", "checkout", "sessions"]:
                return _page_of(it.sessions, query, {"created"})
            case "GET", ["v1", "checkout", "sessions", id]:
                found = shown(it._get(it.sessions, id))
                if "payment_intent" in query.get("expand", {}).values() and found["payment_intent"]:
                    found["payment_intent"] = shown(it.intents[found["payment_intent"]])
                return found
            case "POST", ["v1", "checkout", "sessions", id, "expire"]:
                return shown(it.expire_session(id))
            case "GET", ["v1", "payment_intents", id]:
                return shown(it._get(it.intents, id))
            case "POST", ["v1", "payment_intents", id, "capture"]:
                return shown(it.capture(id, read_form(body)))
            case "POST", ["v1", "payment_intents", id, "cancel"]:
                return shown(it.cancel(id))
            case "POST", ["v1", "refunds"]:
                return shown(it.refund(read_form(body)))
            case "GET", ["v1", "refunds"]:
                return _page_of(it.refunds, query, {"payment_intent"})
            case "GET", ["v1", "refunds", id]:
                return shown(it._get(it.refunds, id))
            case "GET", ["v1", "disputes", id]:
                return shown(it._get(it.disputes, id))
            case "GET", ["v1", "balance_transactions"]:
                found = _page_of({t["id"]: t for t in it.transactions}, query, {"created"})
                if "data.source" in query.get("expand", {}).values():
                    for line in found["data"]:
                        line["source"] = it.source_of(line)
                return found
            case "GET", ["v1", "webhook_endpoints"]:
                return _page_of(it.endpoints, query, set())
            case "POST", ["v1", "webhook_endpoints"]:
                return it.listen(read_form(body), is_reachable=self.is_reachable)
            case "DELETE", ["v1", "webhook_endpoints", id]:
                return it.forget_endpoint(id)
            case "GET", ["v1", "payouts", id]:
                return shown(it._get(it.payouts, id))
        raise BadRequest("url_invalid", f"Unrecognized request URL ({method}: {path}).", status=404)

    # Telling

    def _post_events(self) -> None:
        with httpx.Client(timeout=10) as client:
            while not self._is_closed.wait(0.02):
                for url, delivery in [] if self.is_quiet else self._take_all():
                    for _ in range(self.times_told):
                        _post(client, url, delivery, self._is_closed)

    def _take_all(self) -> list[tuple[str, Delivery]]:
        with self.lock:
            own = [it.stripe for it in self.keys.values() if it.stripe is not self.stripe]
            told = [it for stripe in own for it in stripe.take_told()]
            if self.webhook_url:
                told += [(self.webhook_url, it) for it in self.take_deliveries()]
            return told


def _post(client: httpx.Client, url: str, delivery: Delivery, is_closed: threading.Event) -> None:
    """Post an event until it is taken, as Stripe does, only sooner."""
    headers = {"Stripe-Signature": delivery.signature, "Content-Type": "application/json"}
    while not is_closed.wait(0.02):
        try:
            if client.post(url, content=delivery.body, headers=headers).status_code == 200:
                return
        except httpx.TransportError:
            continue


def _repeat(known: _Known, content: tuple[str, str]) -> tuple[int, Object]:
    if known.content != content:
        return _error(
            "idempotency_key_reused", "Keys are for one request.", 400, "idempotency_error"
        )
    if known.answer is None:
        return _error("idempotency_key_in_use", "In flight.", 409, "idempotency_error")
    return known.answer


def _error(
    code: str, message: str, status: int, kind: str = "invalid_request_error"
) -> tuple[int, Object]:
    return status, {"error": {"type": kind, "code": code, "message": message}}


def _page_of(among: dict[str, Object], query: dict[str, Any], filters: set[str]) -> Object:
    """A list, the newest first."""
    for name in query:
        if name not in filters | {"limit", "starting_after", "expand"}:
            raise BadRequest("parameter_unknown", f"Received unknown parameter: {name}", param=name)
    limit = int(query.get("limit", 10))
    if not 1 <= limit <= _MOST:
        raise BadRequest("parameter_invalid", "Between 1 and 100.", param="limit")
    found = list(reversed(among.values()))
    if "created" in query:
        found = [it for it in found if it["created"] >= int(query["created"]["gte"])]
    if "payment_intent" in query:
        found = [it for it in found if it["payment_intent"] == query["payment_intent"]]
    if after := query.get("starting_after"):
        ids = [it["id"] for it in found]
        found = found[ids.index(after) + 1 :]
    return {
        "object": "list",
        "data": [shown(it) for it in found[:limit]],
        "has_more": len(found) > limit,
        "url": "/v1/list",
    }


def _handler_for(simulator: Simulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.startswith("/pay/"):
                self._send(*page.show(self._stripe(), simulator.lock, self.path))
            else:
                self._answer("GET")

        def do_POST(self) -> None:
            if self.path.startswith("/pay/"):
                fields = dict(parse_qsl(self._body()))
                self._send(*page.pay(self._stripe(), simulator.lock, self.path, fields))
            else:
                self._answer("POST")

        def do_DELETE(self) -> None:
            self._answer("DELETE")

        def _stripe(self) -> Stripe:
            return simulator.stripe_of(self.path.split("/")[2])

        def _answer(self, method: str) -> None:
            body = self._body()
            answer = self._refusal(body)
            if answer is None:
                key = self.headers.get("Idempotency-Key")
                answer = simulator.answer(method, self.path, body, key, self._access())
            if answer is None:
                self.close_connection = True
                return
            status, content = answer
            text = json.dumps(content).encode()
            self._send(status, text, {"Content-Type": "application/json"})

        def _refusal(self, body: str) -> tuple[int, Object] | None:
            if self._key() not in simulator.keys:
                return _error("api_key", "Invalid API Key provided.", 401)
            kind = self.headers.get("Content-Type", "application/x-www-form-urlencoded")
            if body and kind != "application/x-www-form-urlencoded":
                return _error("content_type", "Bodies are forms here.", 400)
            if not self.headers.get("Stripe-Version"):
                return _error("version", "Say which version you mean.", 400)
            return None

        def _key(self) -> str:
            return self.headers.get("Authorization", "").removeprefix("Bearer ")

        def _access(self) -> Access:
            return simulator.keys[self._key()]

        def _body(self) -> str:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()

        def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                self.close_connection = True  # the caller has given up

        def log_message(self, *_: Any) -> None:
            """Nothing is said about each request."""

    return Handler
