"""A second opinion on Stripe: what our simulator says of payments, localstripe says too.

localstripe (GPL-3) is a program of its own, in an environment of its own; nothing of it is
imported. It runs only where it is asked for, CONTRIBUTING.md says how, and hears this machine
alone. It is lax: it knows no idempotency, no Checkout and no disputes, takes over-refunds, declines
no card, and does not tell what was received. So it is asked only what it knows.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import httpx
import pytest

from kirana.money.rails.stripe import Account, Busy, Lost, Provider, Stage, Turned
from kirana.values import Money
from tests.money.stripe_simulator import Simulator

PROGRAM = os.environ.get("KIRANA_TEST_LOCALSTRIPE", "")
KEY = "sk_test_second_opinion"
CARD = "4242424242424242"
HERE_ONLY = """
import socket

_bind = socket.socket.bind


def bind(self, address):
    if address[0] == "::":
        address = ("::ffff:127.0.0.1", *address[1:])
    return _bind(self, address)


socket.socket.bind = bind
"""
"""It listens on every interface: read before it begins, this keeps it to this machine."""

pytestmark = [
    pytest.mark.localstripe,
    pytest.mark.skipif(not PROGRAM, reason="KIRANA_TEST_LOCALSTRIPE does not name the program"),
]


class Desk(Protocol):
    """Where cards are charged, and whoever pays there."""

    url: str
    key: str

    def pay(self, id: UUID, amount: Money, *, is_held: bool) -> str:
        """The id of a payment that a payer's card has made."""


class Simulated:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.url, self.key = simulator.url, simulator.key

    def pay(self, id: UUID, amount: Money, *, is_held: bool) -> str:
        opened = Provider(Account(self.key, self.url)).open_page(
            id, amount, key=str(uuid4()), is_held=is_held, title="Tea",
            back_to="http://kirana.test", now=int(time.time() * 1000),
        )  # fmt: skip
        assert opened.session_id
        with self._simulator.lock:
            assert self._simulator.stripe.pay(opened.session_id, CARD) is None
            session = self._simulator.stripe.sessions[opened.session_id]
        return str(session["payment_intent"])


class LocalStripe:
    def __init__(self, url: str) -> None:
        self.url, self.key = url, KEY

    def pay(self, id: UUID, amount: Money, *, is_held: bool) -> str:
        card = {"number": CARD, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        method = self._post(
            "payment_methods", type="card", **{f"card[{name}]": it for name, it in card.items()}
        )
        intent = self._post(
            "payment_intents",
            amount=amount.amount_minor,
            currency=amount.currency.lower(),
            capture_method="manual" if is_held else "automatic",
            payment_method=method["id"],
            confirm="true",
            **{"metadata[kirana_id]": str(id)},
        )
        return str(intent["id"])

    def charge(self, intent_id: str) -> Any:
        answer = httpx.get(f"{self.url}/v1/payment_intents/{intent_id}", auth=(KEY, ""))
        [charge] = answer.raise_for_status().json()["charges"]["data"]
        return charge

    def _post(self, path: str, **form: object) -> Any:
        answer = httpx.post(f"{self.url}/v1/{path}", data=form, auth=(KEY, ""))
        return answer.raise_for_status().json()


@pytest.fixture(scope="module")
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStripe]:
    folder = tmp_path_factory.mktemp("localstripe")
    (folder / "sitecustomize.py").write_text(HERE_ONLY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [PROGRAM, "--from-scratch", "--port", str(port)],
            cwd=folder,
            env={**own, "PYTHONPATH": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        wait_until_it_listens(port, running, folder / "log")
        yield LocalStripe(f"http://127.0.0.1:{port}")
    finally:
        running.terminate()
        running.wait(30)


def wait_until_it_listens(port: int, running: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(300):
        assert running.poll() is None, log.read_text()
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"localstripe does not listen: {log.read_text()}")


@pytest.fixture(params=["simulator", "localstripe"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    if request.param == "localstripe":
        yield request.getfixturevalue("localstripe")
        return
    with Simulator() as simulator:
        yield Simulated(simulator)


@pytest.fixture
def provider(desk: Desk) -> Provider:
    return Provider(Account(desk.key, desk.url, timeout_s=10))


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def key() -> str:
    return str(uuid4())


def test_it_hears_this_machine_alone(localstripe: LocalStripe) -> None:
    port = int(localstripe.url.rpartition(":")[2])
    addresses = {it[4][0] for it in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {it for it in addresses if it.startswith("127.")}:
        with socket.socket() as door:
            assert door.connect_ex((str(address), port)) != 0


def test_what_is_set_aside_is_ours_and_waits(desk: Desk, provider: Provider) -> None:
    id = uuid4()

    report = provider.look_up(desk.pay(id, eur(12_00), is_held=True))

    assert (report.kind, report.stage, report.amount) == ("payment", Stage.AUTHORIZED, eur(12_00))
    assert report.kirana_id == id


def test_what_is_let_go_is_over_and_cannot_be_let_go_or_taken_again(
    desk: Desk, provider: Provider
) -> None:
    intent = desk.pay(uuid4(), eur(12_00), is_held=True)

    assert provider.cancel(intent, key=key()).stage is Stage.ENDED

    with pytest.raises(Turned):
        provider.cancel(intent, key=key())
    assert provider.look_up(intent).stage is Stage.ENDED


def test_more_than_was_set_aside_is_not_taken(desk: Desk, provider: Provider) -> None:
    intent = desk.pay(uuid4(), eur(12_00), is_held=True)

    with pytest.raises(Turned):
        provider.capture(intent, eur(12_01), key=key())

    assert provider.look_up(intent).stage is Stage.AUTHORIZED


def test_what_was_taken_is_not_taken_again_nor_let_go(desk: Desk, provider: Provider) -> None:
    intent = desk.pay(uuid4(), eur(12_00), is_held=True)
    if isinstance(desk, LocalStripe):
        with pytest.raises(Lost):
            provider.capture(intent, eur(7_00), key=key())
        charge = desk.charge(intent)
        assert charge["captured"]
        assert charge["amount"] - charge["amount_refunded"] == 700
    else:
        taken = provider.capture(intent, eur(7_00), key=key())
        assert (taken.stage, taken.amount) == (Stage.SETTLED, eur(7_00))

    with pytest.raises(Turned):
        provider.capture(intent, eur(7_00), key=key())
    with pytest.raises(Turned):
        provider.cancel(intent, key=key())


def test_a_refund_is_ours_in_part_and_found_again_by_our_id(desk: Desk, provider: Provider) -> None:
    intent = desk.pay(uuid4(), eur(12_00), is_held=False)
    first, second = uuid4(), uuid4()

    given = provider.refund(first, intent, eur(3_00), key=key())
    rest = provider.refund(second, intent, eur(9_00), key=key())

    assert (given.kind, given.stage, given.amount) == ("refund", Stage.SETTLED, eur(3_00))
    assert (given.kirana_id, given.payment_external_id) == (first, intent)
    assert provider.find_refund(first, intent) == given
    assert provider.find_refund(second, intent) == rest
    assert provider.find_refund(uuid4(), intent) is None
    assert provider.look_up(given.external_id) == given


def test_what_nobody_knows_is_turned_away_and_another_key_waits(
    desk: Desk, provider: Provider
) -> None:
    for unknown in ("pi_nobody", "re_nobody"):
        with pytest.raises(Turned):
            provider.look_up(unknown)
    with pytest.raises(Busy):
        Provider(Account("nonsense", desk.url, timeout_s=10)).look_up("pi_nobody")
