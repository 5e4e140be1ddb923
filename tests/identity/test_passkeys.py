import json
import secrets
from uuid import UUID

import pytest

from kirana import identity
from kirana.identity import Passkey, Site, check_assertion, check_registration, hash_token
from kirana.identity.passkeys import Purpose
from kirana.platform.problems import IdReused, NotAllowed, NotFound
from kirana.values import Actor, DeviceId, uuid7
from tests.database import RehearsedDatabase

from . import make
from .authenticator import Authenticator

SITE = Site.at("https://kirana.example", "Kirana")
MINUTE = 60_000
CHALLENGE = b"c" * 32


def ask(
    db: RehearsedDatabase, purpose: Purpose, by: Actor | None, confirms: bytes | None = None
) -> tuple[UUID, bytes]:
    """A challenge and its options."""
    challenge = db.write(
        identity.create_challenge,
        uuid7(),
        purpose,
        secrets.token_bytes(32),
        confirms=confirms,
        by=by,
    )
    return challenge.id, identity.options_for(challenge, SITE)


def register(db: RehearsedDatabase, by: Actor, key: Authenticator, name: str = "Phone") -> Passkey:
    challenge_id, options = ask(db, "registration", by)
    challenge = db.read(identity.get_challenge, challenge_id, by=by)
    registration = check_registration(key.create(options), challenge, SITE)
    return db.write(identity.save_passkey, uuid7(), name, registration, by=by)


def sign_in(
    db: RehearsedDatabase,
    key: Authenticator,
    *,
    device: DeviceId | None = None,
    asked: tuple[UUID, bytes] | None = None,
    viewer: Actor | None = None,
    token: str | None = None,
) -> identity.SignedIn:
    device = device or make.device_id()
    challenge_id, options = asked or ask(db, "sign-in", None)
    credential = key.get(options)
    question = db.read(
        identity.get_question, challenge_id, "sign-in", credential.credential_id, for_id=device
    )
    assertion = check_assertion(credential, question, SITE)
    return db.write(
        identity.sign_in_with_passkey,
        identity.SignIn(device, hash_token(token or identity.new_token())),
        assertion,
        viewer=viewer,
    )


def confirm(
    db: RehearsedDatabase, by: Actor, key: Authenticator, asked: tuple[UUID, bytes], for_: bytes
) -> identity.Confirmed:
    confirmation_id = uuid7()
    credential = key.get(asked[1])
    question = db.read(
        identity.get_question,
        asked[0],
        "confirmation",
        credential.credential_id,
        for_id=confirmation_id,
    )
    assertion = check_assertion(credential, question, SITE)
    return db.write(identity.confirm_by_passkey, confirmation_id, for_, assertion, by=by)


def test_a_registered_passkey_signs_its_person_in(db: RehearsedDatabase) -> None:
    ravi, key = make.person(db), Authenticator()

    passkey = register(db, ravi, key)
    signed_in = sign_in(db, key, token="kir_passkey")

    assert signed_in.user.id == ravi.user_id
    assert signed_in.user.has_passkey
    assert not signed_in.is_new
    assert db.read(identity.resolve, "kir_passkey").user_id == ravi.user_id
    (listed,) = db.read(identity.list_passkeys, by=ravi)
    assert (listed.id, listed.name, listed.used_at) == (passkey.id, "Phone", db.clock.now)


def test_the_options_ask_for_a_key_that_knows_its_user_and_verifies_them(
    db: RehearsedDatabase,
) -> None:
    ravi, key = make.person(db), Authenticator()
    register(db, ravi, key)

    options = json.loads(ask(db, "registration", ravi)[1])
    sign_in_options = json.loads(ask(db, "sign-in", None)[1])

    assert options["rp"] == {"id": "kirana.example", "name": "Kirana"}
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert len(options["excludeCredentials"]) == 1
    assert options["attestation"] == "none"
    assert sign_in_options["userVerification"] == "required"
    assert sign_in_options["allowCredentials"] == []


def test_a_key_that_counts_and_one_that_does_not_both_sign_in_again(
    db: RehearsedDatabase,
) -> None:
    ravi = make.person(db)
    for key in (Authenticator(counts=True), Authenticator(counts=False)):
        register(db, ravi, key)
        for _ in range(2):
            assert sign_in(db, key).user.id == ravi.user_id


def test_a_copied_key_whose_count_falls_back_is_refused(db: RehearsedDatabase) -> None:
    ravi, key = make.person(db), Authenticator()
    register(db, ravi, key)
    sign_in(db, key)
    sign_in(db, key)
    key.sign_count = 0

    with pytest.raises(identity.PasskeyRefused):
        sign_in(db, key)


def test_an_unknown_key_signs_nobody_in(db: RehearsedDatabase) -> None:
    register(db, make.person(db), Authenticator())

    with pytest.raises(identity.PasskeyRefused):
        sign_in(db, Authenticator(user_handle=b"x" * 16))


def test_another_keys_signature_is_refused(db: RehearsedDatabase) -> None:
    ravi, key = make.person(db), Authenticator()
    register(db, ravi, key)
    forged = Authenticator(credential_id=key.credential_id, user_handle=key.user_handle)

    with pytest.raises(identity.PasskeyRefused):
        sign_in(db, forged)


def test_a_key_that_claims_to_be_somebody_elses_is_refused(db: RehearsedDatabase) -> None:
    ravi, meera, key = make.person(db), make.person(db, "Meera"), Authenticator()
    register(db, ravi, key)
    key.user_handle = meera.user_id.bytes

    with pytest.raises(identity.PasskeyRefused):
        sign_in(db, key)


@pytest.mark.parametrize(
    ("origin", "host", "verifies_user"),
    [
        ("https://kirana.example.evil.example", "kirana.example", True),
        ("http://kirana.example", "kirana.example", True),
        ("https://kirana.example", "evil.example", True),
        ("https://kirana.example", "kirana.example", False),
    ],
)
def test_a_key_used_elsewhere_or_without_its_user_is_refused(
    db: RehearsedDatabase, origin: str, host: str, verifies_user: bool
) -> None:
    ravi, key = make.person(db), Authenticator()
    register(db, ravi, key)
    key.origin, key.host, key.verifies_user = origin, host, verifies_user

    with pytest.raises(identity.PasskeyRefused):
        sign_in(db, key)
    with pytest.raises(identity.PasskeyRefused):
        register(db, ravi, Authenticator(origin, host, verifies_user))


def test_an_answer_counts_once_but_its_device_may_repeat_it(db: RehearsedDatabase) -> None:
    ravi, key, device = make.person(db), Authenticator(), make.device_id()
    register(db, ravi, key)
    asked = ask(db, "sign-in", None)
    sign_in(db, key, device=device, asked=asked)

    key.sign_count -= 1
    assert sign_in(db, key, device=device, asked=asked).user.id == ravi.user_id
    with pytest.raises(identity.PasskeyRefused):
        sign_in(db, key, asked=asked)


def test_a_challenge_is_answered_within_five_minutes(db: RehearsedDatabase) -> None:
    ravi, key = make.person(db), Authenticator()
    register(db, ravi, key)
    asked = ask(db, "sign-in", None)

    db.clock.advance(5 * MINUTE)

    with pytest.raises(identity.PasskeyRefused):
        sign_in(db, key, asked=asked)


def test_the_same_id_gives_the_same_challenge_and_other_use_is_refused(
    db: RehearsedDatabase,
) -> None:
    ravi, challenge_id = make.person(db), uuid7()

    def create(purpose: Purpose, by: Actor | None) -> bytes:
        return db.write(
            identity.create_challenge, challenge_id, purpose, secrets.token_bytes(32), by=by
        ).challenge

    assert create("registration", ravi) == create("registration", ravi)
    with pytest.raises(IdReused):
        create("sign-in", None)
    with pytest.raises(IdReused):
        create("registration", make.person(db, "Meera"))


def test_a_challenge_of_another_purpose_or_person_is_refused(db: RehearsedDatabase) -> None:
    ravi, meera, key = make.person(db), make.person(db, "Meera"), Authenticator()
    register(db, ravi, key)

    with pytest.raises(identity.PasskeyRefused):
        sign_in(db, key, asked=ask(db, "confirmation", ravi, CHALLENGE))
    with pytest.raises(identity.PasskeyRefused):
        db.read(identity.get_challenge, ask(db, "registration", ravi)[0], by=meera)
    with pytest.raises(identity.PasskeyRefused):
        db.read(identity.get_challenge, ask(db, "sign-in", None)[0], by=ravi)


def test_a_passkey_confirms_what_was_asked_and_nothing_else(db: RehearsedDatabase) -> None:
    ravi, key = make.visitor(db), Authenticator()
    register(db, ravi.actor, key)

    confirmed = confirm(
        db, ravi.actor, key, ask(db, "confirmation", ravi.actor, CHALLENGE), CHALLENGE
    )

    actor = db.read(identity.resolve, ravi.token, confirmation_id=confirmed.id)
    assert actor.confirmation
    assert (actor.confirmation.method, actor.confirmation.challenge) == ("passkey", CHALLENGE)
    with pytest.raises(identity.PasskeyRefused):
        confirm(db, ravi.actor, key, ask(db, "confirmation", ravi.actor, CHALLENGE), b"d" * 32)


def test_a_friends_passkey_confirms_nothing_of_mine(db: RehearsedDatabase) -> None:
    ravi, meera, key = make.person(db), make.person(db, "Meera"), Authenticator()
    register(db, meera, key)

    with pytest.raises(identity.PasskeyRefused):
        confirm(db, ravi, key, ask(db, "confirmation", ravi, CHALLENGE), CHALLENGE)
    with pytest.raises(identity.PasskeyRefused):
        confirm(db, ravi, key, ask(db, "confirmation", meera, CHALLENGE), CHALLENGE)


def test_a_key_belongs_to_one_person(db: RehearsedDatabase) -> None:
    ravi, meera, key = make.person(db), make.person(db, "Meera"), Authenticator()
    register(db, ravi, key)

    with pytest.raises(identity.PasskeyRefused):
        register(db, meera, key)


def test_saving_a_passkey_again_with_the_same_id_is_the_same_passkey(
    db: RehearsedDatabase,
) -> None:
    ravi, key, passkey_id = make.person(db), Authenticator(), uuid7()
    challenge_id, options = ask(db, "registration", ravi)
    challenge = db.read(identity.get_challenge, challenge_id, by=ravi)
    registration = check_registration(key.create(options), challenge, SITE)

    first = db.write(identity.save_passkey, passkey_id, "Phone", registration, by=ravi)

    assert db.write(identity.save_passkey, passkey_id, "Phone", registration, by=ravi) == first
    with pytest.raises(IdReused):
        db.write(identity.save_passkey, passkey_id, "x", registration, by=make.person(db, "Meera"))


def test_a_guest_registers_no_passkey_but_signs_in_with_one(db: RehearsedDatabase) -> None:
    ravi, key, guest = make.person(db), Authenticator(), make.guest(db)
    register(db, ravi, key)
    with pytest.raises(NotAllowed):
        ask(db, "registration", guest.actor)

    signed_in = sign_in(db, key, device=guest.device_id, viewer=guest.actor, token="kir_passkey")

    assert signed_in.user.id == ravi.user_id
    assert db.read(identity.resolve, "kir_passkey").device_id == guest.device_id


def test_a_passkey_is_deleted_by_its_owner_and_not_as_the_last_way_in(
    db: RehearsedDatabase,
) -> None:
    ravi, key = make.person(db), Authenticator()
    passkey = register(db, ravi, key)

    with pytest.raises(NotFound):
        db.write(identity.delete_passkey, passkey.id, by=make.person(db, "Meera"))
    with pytest.raises(identity.LastAddress):
        db.write(identity.delete_passkey, passkey.id, by=ravi)
    register(db, ravi, Authenticator(), "Laptop")
    db.write(identity.delete_passkey, passkey.id, by=ravi)

    assert [p.name for p in db.read(identity.list_passkeys, by=ravi)] == ["Laptop"]
    with pytest.raises(identity.PasskeyRefused):
        sign_in(db, key)


@pytest.mark.parametrize("junk", ["", "AAAA", "!!!", "x" * 1000])
def test_junk_is_refused_and_breaks_nothing(db: RehearsedDatabase, junk: str) -> None:
    ravi, key = make.person(db), Authenticator()
    register(db, ravi, key)
    challenge_id, options = ask(db, "registration", ravi)
    challenge = db.read(identity.get_challenge, challenge_id, by=ravi)
    good = key.create(options)
    bad = identity.Credential(
        good.id,
        good.raw_id,
        "public-key",
        type(good.response)(junk, attestation_object=junk, authenticator_data=junk, signature=junk),
    )

    with pytest.raises(identity.PasskeyRefused):
        check_registration(bad, challenge, SITE)
    asked = ask(db, "sign-in", None)
    question = db.read(
        identity.get_question, asked[0], "sign-in", key.credential_id, for_id=uuid7()
    )
    with pytest.raises(identity.PasskeyRefused):
        check_assertion(bad, question, SITE)
