"""Keys of devices and people: nothing unsigned, nothing in another's name."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest
from vodozemac import Account

from kirana import identity
from kirana.identity import SignatureWrong, SignIn, hash_token
from kirana.identity.keys import cross_signing, device_keys, vouching
from kirana.platform.events import Event
from kirana.platform.problems import (
    ConfirmationRequired,
    ConfirmationWrong,
    IdReused,
    InvalidInput,
    NotAllowed,
)
from kirana.platform.stream import head_of
from kirana.values import SYSTEM, Actor, Confirmation, user_name
from tests.crypto import CryptoDevice, Identity, Json, signed
from tests.database import RehearsedDatabase

from . import make


@dataclass
class Person:
    """Somebody with one device, and all the keys that there are."""

    db: RehearsedDatabase
    by: Actor
    device: CryptoDevice
    keys: Identity

    @property
    def name(self) -> str:
        return user_name(self.by.user_id)

    def show_device(self, uploaded: Json | None = None) -> None:
        read = identity.read_device_keys(
            uploaded or self.device.device_keys,
            self.device.id,
            self_signing=self.db.read(identity.current_key, self.by.user_id, "self_signing"),
            by=self.by,
        )
        self.db.write(identity.save_device_keys, read, by=self.by)

    def show_identity(self, keys: Identity | None = None, *, by: Actor | None = None) -> None:
        uploaded = (keys or self.keys).upload
        read = cross_signing.read_cross_signing_keys(
            {usage: uploaded[f"{usage}_key"] for usage in cross_signing.USAGES},
            devices=self.db.read(vouching.device_signing_keys, by=self.by),
            by=self.by,
        )
        self.db.write(cross_signing.save_cross_signing_keys, read, by=by or self.by)

    def sign(self, uploaded: Json) -> dict[str, dict[str, Any]]:
        """Upload signatures; the failures."""
        known = self.db.read(vouching.known_keys, uploaded, by=self.by)
        vouched = vouching.check_signatures(uploaded, known, by=self.by)
        self.db.write(vouching.save_signatures, vouched, by=self.by)
        return vouched.failures

    def rev(self) -> int:
        return self.db.read(identity.devices_rev_of, [self.by.user_id])[self.by.user_id]

    def sees(self, *others: "Person") -> Json:
        ids = [other.by.user_id for other in others or (self,)]
        shown = self.db.read(identity.list_keys, ids, by=self.by)
        read: Json = msgspec.json.decode(msgspec.json.encode(shown))
        return read


def person(db: RehearsedDatabase, name: str = "Ravi", *, is_ready: bool = True) -> Person:
    who = make.visitor(db, name)
    made = Person(db, who.actor, CryptoDevice(who.id, str(who.device_id)), Identity(who.id))
    if is_ready:
        made.show_device()
        made.show_identity()
        assert made.sign(made.keys.vouch_for(made.device)) == {}
    return made


def second_device(db: RehearsedDatabase, of: Person) -> Person:
    device, token = make.device_id(), f"kir_{make.device_id()}"
    db.write(
        identity.open_session, SignIn(device, hash_token(token), "Two"), of.by.user_id, by=SYSTEM
    )
    by = db.read(identity.resolve, token)
    return Person(db, by, CryptoDevice(of.by.user_id, str(device)), of.keys)


def test_others_see_a_devices_keys_with_both_signatures_but_not_its_name(
    db: RehearsedDatabase,
) -> None:
    ravi, meera = person(db), person(db, "Meera")

    theirs, own = meera.sees(ravi), ravi.sees()

    device = theirs["device_keys"][ravi.name][ravi.device.id]
    assert device["keys"] == ravi.device.device_keys["keys"]
    assert set(device["signatures"][ravi.name]) == {
        f"ed25519:{ravi.device.id}",
        f"ed25519:{ravi.keys.key_id('self_signing')}",
    }
    assert "unsigned" not in device
    assert theirs["master_keys"][ravi.name]["keys"] == ravi.keys.public("master")["keys"]
    assert ravi.name in theirs["self_signing_keys"]
    assert theirs["user_signing_keys"] == {}
    assert theirs["devices_rev"] == {str(ravi.by.user_id): ravi.rev()}
    own_device = own["device_keys"][ravi.name][ravi.device.id]
    assert own_device["unsigned"] == {"device_display_name": "Phone"}
    assert ravi.name in own["user_signing_keys"]


def test_the_number_of_changes_rises_with_first_keys_identity_and_vouching_and_no_more(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    ravi = person(db, is_ready=False)
    revs = [ravi.rev()]

    for step in (
        ravi.show_device,
        ravi.show_device,
        ravi.show_identity,
        ravi.show_identity,
        lambda: ravi.sign(ravi.keys.vouch_for(ravi.device)),
        lambda: ravi.sign(ravi.keys.vouch_for(ravi.device)),
    ):
        step()
        revs.append(ravi.rev())
    db.deliver()

    assert revs == [0, 1, 1, 2, 2, 3, 3]
    told = [it for it in heard if isinstance(it, identity.DeviceKeysChanged)]
    assert sorted(it.devices_rev for it in told) == [1, 2, 3]
    assert not any(it.is_new_identity for it in told)
    assert db.read(identity.has_keys, [ravi.by.user_id, make.user_id()]) == {ravi.by.user_id}


def forged(device: CryptoDevice) -> Json:
    """Signed by another key than the one in it."""
    bare = {name: it for name, it in device.device_keys.items() if name != "signatures"}
    return signed(bare, device.user_id, device.id, Account())


def changed(device: CryptoDevice) -> Json:
    """Changed after it was signed."""
    return device.device_keys | {"algorithms": ["m.olm.v1.curve25519-aes-sha2"]}


def unsigned(device: CryptoDevice) -> Json:
    return device.device_keys | {"signatures": {}}


def of_another(device: CryptoDevice) -> Json:
    return CryptoDevice(make.user_id(), device.id, device.account).device_keys


def another_device(device: CryptoDevice) -> Json:
    return CryptoDevice(device.user_id, str(make.device_id()), device.account).device_keys


def with_a_fraction(device: CryptoDevice) -> Json:
    bare = device.device_keys | {"weight": 1.5}
    return device.sign(bare)


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (forged, SignatureWrong),
        (changed, SignatureWrong),
        (unsigned, SignatureWrong),
        (of_another, InvalidInput),
        (another_device, InvalidInput),
        (with_a_fraction, InvalidInput),
    ],
)
def test_device_keys_that_their_device_did_not_sign_are_refused(
    db: RehearsedDatabase, spoil: Callable[[CryptoDevice], Json], refusal: type[Exception]
) -> None:
    ravi = person(db, is_ready=False)

    with pytest.raises(refusal):
        ravi.show_device(spoil(ravi.device))

    assert ravi.sees()["device_keys"] == {ravi.name: {}}
    assert ravi.rev() == 0


def test_a_device_keeps_the_keys_that_it_has(db: RehearsedDatabase) -> None:
    ravi = person(db)
    other = CryptoDevice(ravi.by.user_id, ravi.device.id)

    with pytest.raises(IdReused):
        ravi.show_device(other.device_keys)

    assert (
        ravi.sees()["device_keys"][ravi.name][ravi.device.id]["keys"]
        == (ravi.device.device_keys["keys"])
    )


def test_guests_and_whoever_acts_for_a_shop_have_no_keys(db: RehearsedDatabase) -> None:
    guest = make.guest(db)
    ravi = person(db, is_ready=False)
    for_shop = replace(ravi.by, user_id=make.shop(db, ravi.by))

    for by in (guest.actor, for_shop, replace(ravi.by, device_id=None)):
        with pytest.raises(NotAllowed):
            db.read(identity.find_own_keys, by=by)


def test_a_person_has_ten_devices_with_keys_at_most(db: RehearsedDatabase) -> None:
    ravi = person(db)
    others = [second_device(db, ravi) for _ in range(device_keys.MAX_DEVICES)]
    for other in others[:-1]:
        other.show_device()

    with pytest.raises(identity.TooManyDevices):
        others[-1].show_device()
    db.write(identity.revoke_device, others[0].by.device_id, by=ravi.by)
    others[-1].show_device()

    assert len(ravi.sees()["device_keys"][ravi.name]) == device_keys.MAX_DEVICES


def test_a_revoked_device_is_gone_from_the_list_with_all_that_it_signed(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    ravi = person(db)
    laptop = second_device(db, ravi)
    laptop.show_device()
    assert laptop.sign(ravi.keys.vouch_for(laptop.device)) == {}
    master = laptop.device.sign(ravi.keys.public("master"))
    assert laptop.sign({ravi.name: {ravi.keys.key_id("master"): master}}) == {}
    before = ravi.rev()
    assert "signatures" in ravi.sees()["master_keys"][ravi.name]

    db.write(identity.revoke_device, laptop.by.device_id, by=ravi.by)
    db.deliver()

    assert list(ravi.sees()["device_keys"][ravi.name]) == [ravi.device.id]
    assert "signatures" not in ravi.sees()["master_keys"][ravi.name]
    assert ravi.rev() == before + 1
    told = [it.devices_rev for it in heard if isinstance(it, identity.DeviceKeysChanged)]
    assert max(told) == before + 1


def test_revoking_a_device_without_keys_changes_nothing_for_others(db: RehearsedDatabase) -> None:
    ravi = person(db)
    till = second_device(db, ravi)
    before = ravi.rev()

    db.write(identity.revoke_device, till.by.device_id, by=ravi.by)

    assert ravi.rev() == before


def test_the_first_identity_needs_no_confirmation_and_another_one_does(
    db: RehearsedDatabase, heard: list[Event]
) -> None:
    ravi, meera = person(db), person(db, "Meera")
    assert meera.sign(meera.keys.befriend(ravi.keys)) == {}
    new = Identity(ravi.by.user_id)

    with pytest.raises(ConfirmationRequired) as refused:
        ravi.show_identity(new)
    challenge = bytes.fromhex(refused.value.facts["challenge"])
    for wrong in (bytes(32), challenge[::-1]):
        with pytest.raises(ConfirmationWrong):
            ravi.show_identity(
                new, by=replace(ravi.by, confirmation=Confirmation("pin", wrong, db.clock.now))
            )
    confirmed = replace(ravi.by, confirmation=Confirmation("pin", challenge, db.clock.now))
    other = Identity(ravi.by.user_id)
    with pytest.raises(ConfirmationWrong):
        ravi.show_identity(other, by=confirmed)
    ravi.show_identity(new, by=confirmed)
    db.deliver()

    shown = meera.sees(ravi)
    assert shown["master_keys"][ravi.name]["keys"] == new.public("master")["keys"]
    assert "signatures" not in shown["master_keys"][ravi.name]
    signers = shown["device_keys"][ravi.name][ravi.device.id]["signatures"][ravi.name]
    assert list(signers) == [f"ed25519:{ravi.device.id}"]
    assert any(isinstance(it, identity.DeviceKeysChanged) and it.is_new_identity for it in heard)


def test_the_same_master_key_may_get_new_helpers_without_a_confirmation(
    db: RehearsedDatabase,
) -> None:
    ravi = person(db)
    helpers = replace(ravi.keys, self_signing=Account(), user_signing=Account())

    ravi.show_identity(helpers)

    shown = ravi.sees()
    key_id = helpers.key_id("self_signing")
    assert f"ed25519:{key_id}" in shown["self_signing_keys"][ravi.name]["keys"]
    signers = shown["device_keys"][ravi.name][ravi.device.id]["signatures"][ravi.name]
    assert list(signers) == [f"ed25519:{ravi.device.id}"]


def test_keys_that_the_master_key_did_not_sign_are_refused(db: RehearsedDatabase) -> None:
    ravi = person(db, is_ready=False)
    ravi.show_device()
    stranger = Identity(ravi.by.user_id)
    good, foreign = ravi.keys.upload, stranger.upload

    def read(uploaded: Json) -> None:
        cross_signing.read_cross_signing_keys(
            {usage: uploaded[f"{usage}_key"] for usage in cross_signing.USAGES},
            devices={ravi.device.id: ravi.device.account.ed25519_key.to_base64()},
            by=ravi.by,
        )

    read(good)
    for usage in ("self_signing_key", "user_signing_key"):
        with pytest.raises(SignatureWrong):
            read(good | {usage: foreign[usage]})
    with pytest.raises(InvalidInput):
        read(Identity(make.user_id()).upload)
    with pytest.raises(InvalidInput):
        read(good | {"user_signing_key": good["self_signing_key"]})
    wrong = signed(good["master_key"], ravi.by.user_id, ravi.device.id, Account())
    with pytest.raises(SignatureWrong):
        read(good | {"master_key": wrong})


def test_forged_and_foreign_signatures_are_named_and_not_kept(db: RehearsedDatabase) -> None:
    ravi, meera, eve = person(db), person(db, "Meera"), person(db, "Eve")
    before = meera.sees(meera, ravi)
    master = ravi.keys.key_id("master")
    laptop = second_device(db, ravi)
    laptop.show_device()
    device_id = laptop.device.id
    self_signing = ravi.keys.key_id("self_signing")
    user_signing = eve.keys.key_id("user_signing")

    forged_device = signed(laptop.device.device_keys, ravi.by.user_id, self_signing, Account())
    wrong_key = signed(
        laptop.device.device_keys,
        ravi.by.user_id,
        ravi.keys.key_id("user_signing"),
        ravi.keys.user_signing,
    )
    changed_device = signed(
        laptop.device.device_keys | {"algorithms": []},
        ravi.by.user_id,
        self_signing,
        ravi.keys.self_signing,
    )
    for uploaded in (forged_device, wrong_key, changed_device, laptop.device.device_keys):
        failures = ravi.sign({ravi.name: {device_id: uploaded}})
        assert failures[ravi.name][device_id].errcode == "M_INVALID_SIGNATURE"

    # Eve signs Ravi's key in Meera's name, and his device in his.
    in_her_name = signed(ravi.keys.public("master"), meera.by.user_id, user_signing, Account())
    failures = eve.sign({ravi.name: {master: in_her_name}})
    assert failures[ravi.name][master].errcode == "M_INVALID_SIGNATURE"
    failures = eve.sign(ravi.keys.vouch_for(laptop.device))
    assert failures[ravi.name][device_id].errcode == "M_NOT_FOUND"
    failures = eve.sign({ravi.name: {Identity(ravi.by.user_id).key_id("master"): in_her_name}})
    assert {it.errcode for it in failures[ravi.name].values()} == {"M_NOT_FOUND"}
    assert eve.sign({"nobody": {"x": {}}})["nobody"]["x"].errcode == "M_NOT_FOUND"

    after = meera.sees(meera, ravi)
    after["device_keys"][ravi.name].pop(device_id)
    assert after | {"devices_rev": None} == before | {"devices_rev": None}


def test_whom_somebody_has_verified_only_they_see(db: RehearsedDatabase) -> None:
    ravi, meera, eve = person(db), person(db, "Meera"), person(db, "Eve")
    before, revs = db.read(head_of, meera.by.user_id), ravi.rev()

    assert meera.sign(meera.keys.befriend(ravi.keys)) == {}

    by = f"ed25519:{meera.keys.key_id('user_signing')}"
    assert by in meera.sees(ravi)["master_keys"][ravi.name]["signatures"][meera.name]
    assert "signatures" not in eve.sees(ravi)["master_keys"][ravi.name]
    assert "signatures" not in ravi.sees()["master_keys"][ravi.name]
    assert ravi.rev() == revs
    assert db.read(head_of, meera.by.user_id) == before + 1


def test_a_signature_that_was_overtaken_is_not_kept(db: RehearsedDatabase) -> None:
    ravi = person(db, is_ready=False)
    ravi.show_device()
    ravi.show_identity()
    uploaded = ravi.keys.vouch_for(ravi.device)
    known = db.read(vouching.known_keys, uploaded, by=ravi.by)
    vouched = vouching.check_signatures(uploaded, known, by=ravi.by)
    ravi.show_identity(replace(ravi.keys, self_signing=Account(), user_signing=Account()))

    db.write(vouching.save_signatures, vouched, by=ravi.by)

    signers = ravi.sees()["device_keys"][ravi.name][ravi.device.id]["signatures"][ravi.name]
    assert list(signers) == [f"ed25519:{ravi.device.id}"]


def test_keys_may_come_with_the_signature_of_the_persons_self_signing_key(
    db: RehearsedDatabase,
) -> None:
    ravi = person(db)
    laptop = second_device(db, ravi)
    by = ravi.keys.key_id("self_signing")
    good = signed(laptop.device.device_keys, ravi.by.user_id, by, ravi.keys.self_signing)
    bad = signed(laptop.device.device_keys, ravi.by.user_id, by, Account())

    with pytest.raises(SignatureWrong):
        laptop.show_device(bad)
    laptop.show_device(good)

    signers = ravi.sees()["device_keys"][ravi.name][laptop.device.id]["signatures"][ravi.name]
    assert f"ed25519:{by}" in signers


def test_an_erased_person_has_no_keys_and_vouches_for_nobody(db: RehearsedDatabase) -> None:
    ravi, meera = person(db), person(db, "Meera")
    assert meera.sign(meera.keys.befriend(ravi.keys)) == {}
    assert ravi.sign(ravi.keys.befriend(meera.keys)) == {}
    export = db.read(identity.export_user, ravi.by.user_id)

    db.write(identity.erase_user, ravi.by.user_id)

    shown = meera.sees(ravi)
    assert shown["device_keys"] == {ravi.name: {}}
    assert shown["master_keys"] == shown["self_signing_keys"] == {}
    assert list(export.keys.device_keys[ravi.name]) == [ravi.device.id]
    assert list(export.keys.user_signing_keys) == [ravi.name]
