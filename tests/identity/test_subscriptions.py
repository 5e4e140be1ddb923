import pytest

from kirana import identity
from kirana.platform.problems import InvalidInput, NotFound
from kirana.platform.web_push import encode
from kirana.values import SYSTEM
from tests.database import RehearsedDatabase
from tests.push import Browser

from . import make


def test_a_browser_subscribes_itself_and_the_same_again_changes_nothing(
    db: RehearsedDatabase,
) -> None:
    ravi, meera, browser = make.visitor(db), make.visitor(db, "Meera"), Browser()

    for _ in range(2):
        db.write(identity.subscribe, ravi.device_id, browser.target, by=ravi.actor)
    assert db.read(identity.find_target, ravi.device_id) == browser.target

    newer = Browser()
    db.write(identity.subscribe, ravi.device_id, newer.target, by=ravi.actor)
    assert db.read(identity.find_target, ravi.device_id) == newer.target

    with pytest.raises(NotFound):
        db.write(identity.subscribe, ravi.device_id, browser.target, by=meera.actor)
    with pytest.raises(NotFound):
        db.write(identity.unsubscribe, ravi.device_id, by=meera.actor)


def test_a_browser_that_somebody_else_signed_in_with_is_theirs(db: RehearsedDatabase) -> None:
    ravi, meera, browser = make.visitor(db), make.visitor(db, "Meera"), Browser()
    db.write(identity.subscribe, ravi.device_id, browser.target, by=ravi.actor)

    db.write(identity.subscribe, meera.device_id, browser.target, by=meera.actor)

    assert db.read(identity.find_target, ravi.device_id) is None
    assert db.read(identity.find_target, meera.device_id) == browser.target


def test_a_browser_of_somebody_who_is_suspended_is_told_nothing(db: RehearsedDatabase) -> None:
    ravi = make.visitor(db)
    db.write(identity.subscribe, ravi.device_id, Browser().target, by=ravi.actor)
    assert len(db.read(identity.list_reached, [ravi.id])) == 1

    db.write(identity.suspend, ravi.id, "Spam.", by=SYSTEM)

    assert db.read(identity.list_reached, [ravi.id]) == []


def test_a_subscription_ends_by_itself_or_with_its_device(db: RehearsedDatabase) -> None:
    ravi, meera = make.visitor(db), make.visitor(db, "Meera")
    for who in (ravi, meera):
        db.write(identity.subscribe, who.device_id, Browser().target, by=who.actor)

    for _ in range(2):
        db.write(identity.unsubscribe, ravi.device_id, by=ravi.actor)
    db.write(identity.revoke_device, meera.device_id, by=meera.actor)

    assert db.read(identity.list_reached, [ravi.id, meera.id]) == []


def test_only_the_address_that_is_dead_is_dropped(db: RehearsedDatabase) -> None:
    ravi, browser, newer = make.visitor(db), Browser(), Browser()
    db.write(identity.subscribe, ravi.device_id, newer.target, by=ravi.actor)

    db.write(identity.drop_dead, ravi.device_id, browser.endpoint)
    assert db.read(identity.find_target, ravi.device_id) == newer.target

    db.write(identity.drop_dead, ravi.device_id, newer.endpoint)
    assert db.read(identity.find_target, ravi.device_id) is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.net/x", "https://", "https://localhost/x", "https://10.0.0.1/x",
        "https://[::1]/x", "https://169.254.169.254/latest", "https://printer.local/x",
        "https://intranet/x", "https://user:word@push.example.net/x", "https://2130706433/x",
        "https://0x7f000001/", "https://push.example.net/a b", "https://push.example.net:99999/",
        "file:///etc/passwd", "https://push.example.net/" + "x" * 3000,
    ],
)  # fmt: skip
def test_an_address_that_is_no_public_service_is_refused(endpoint: str) -> None:
    said = Browser().as_json

    with pytest.raises(InvalidInput):
        identity.read_target(endpoint, said["p256dh"], said["auth"])


@pytest.mark.parametrize(
    ("public_key", "auth"),
    [
        ("", encode(b"a" * 16)),
        (encode(b"\4" + b"x" * 64), encode(b"a" * 16)),
        (Browser().as_json["p256dh"], encode(b"a" * 15)),
        (Browser().as_json["p256dh"], "not base64!"),
    ],
    # The keys are new each time, and the processes of a run must agree on the names of tests.
    ids=["no key", "no point of the curve", "a short secret", "no base64"],
)
def test_keys_that_no_browser_makes_are_refused(public_key: str, auth: str) -> None:
    with pytest.raises(InvalidInput):
        identity.read_target("https://push.example.net/x", public_key, auth)
