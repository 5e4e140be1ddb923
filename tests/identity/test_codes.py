import pytest

from kirana import identity
from kirana.platform import jobs
from kirana.platform.problems import IdReused, NotFound, RateLimited
from kirana.values import uuid7
from tests.database import RehearsedDatabase

from . import make

MINUTE = 60_000
HOUR = 60 * MINUTE
PHONE = "+919876543210"


def sent(db: RehearsedDatabase) -> list[str]:
    """The payloads of the messages that wait to be sent."""
    return [job.payload for job in db.read(jobs.list_due) if job.name.endswith("send_code")]


def test_a_code_lets_its_owner_in_and_makes_an_account(db: RehearsedDatabase) -> None:
    code = make.code_for(db, PHONE)

    signed_in = make.sign_in(db, PHONE, code)

    assert signed_in.is_new
    assert [a.address for a in signed_in.user.addresses] == [PHONE]
    again = make.sign_in(db, PHONE, make.code_for(db, PHONE, "222333"))
    assert not again.is_new
    assert again.user.id == signed_in.user.id


def test_another_spelling_of_a_number_is_the_same_account(db: RehearsedDatabase) -> None:
    first = make.sign_in(db, "+5511987654321", make.code_for(db, "+5511987654321"))

    second = make.sign_in(db, "+551187654321", make.code_for(db, "+55 11 8765 4321", "654321"))

    assert second.user.id == first.user.id


def test_the_code_is_sent_once_and_kept_as_a_hash_only(db: RehearsedDatabase) -> None:
    code_id = uuid7()

    for code in ("123456", "777777"):
        db.write(identity.request_code, code_id, make.address(), code)

    assert len(sent(db)) == 1
    assert "123456" in sent(db)[0]
    make.sign_in(db, PHONE, "123456")


def test_asking_again_with_the_same_id_for_another_address_is_refused(
    db: RehearsedDatabase,
) -> None:
    code_id = uuid7()
    db.write(identity.request_code, code_id, make.address(), "123456")

    with pytest.raises(IdReused):
        db.write(identity.request_code, code_id, make.address("ravi@example.com"), "123456")


def test_a_code_works_for_ten_minutes(db: RehearsedDatabase) -> None:
    code = make.code_for(db, PHONE)
    db.clock.advance(10 * MINUTE - 1)
    make.sign_in(db, PHONE, code)

    code = make.code_for(db, PHONE, "888777")
    db.clock.advance(10 * MINUTE)
    with pytest.raises(identity.WrongCode):
        make.sign_in(db, PHONE, code)


def test_a_code_works_once(db: RehearsedDatabase) -> None:
    code = make.code_for(db, PHONE)
    make.sign_in(db, PHONE, code)

    with pytest.raises(identity.WrongCode):
        make.sign_in(db, PHONE, code)


def test_a_device_whose_answer_was_lost_may_use_its_code_again(db: RehearsedDatabase) -> None:
    code, device = make.code_for(db, PHONE), make.device_id()
    first = make.sign_in(db, PHONE, code, device=device, token="kir_one")

    second = make.sign_in(db, PHONE, code, device=device, token="kir_two")

    assert second.user.id == first.user.id
    assert db.read(identity.resolve, "kir_two").device_id == device
    with pytest.raises(identity.WrongCode):
        make.sign_in(db, PHONE, "000000", device=device)


def test_after_five_wrong_tries_the_right_code_does_not_work(db: RehearsedDatabase) -> None:
    code = make.code_for(db, PHONE)
    for _ in range(5):
        with pytest.raises(identity.WrongCode):
            make.sign_in(db, PHONE, "000000")

    with pytest.raises(identity.WrongCode):
        make.sign_in(db, PHONE, code)


def test_four_wrong_tries_are_forgiven(db: RehearsedDatabase) -> None:
    code = make.code_for(db, PHONE)
    for _ in range(4):
        with pytest.raises(identity.WrongCode):
            make.sign_in(db, PHONE, "000000")

    assert make.sign_in(db, PHONE, code).is_new


def test_a_newer_code_takes_the_place_of_the_older(db: RehearsedDatabase) -> None:
    older = make.code_for(db, PHONE, "111222")
    db.clock.advance(1000)
    newer = make.code_for(db, PHONE, "333444")

    with pytest.raises(identity.WrongCode):
        make.sign_in(db, PHONE, older)
    make.sign_in(db, PHONE, newer)


def test_a_code_of_one_address_does_not_open_another(db: RehearsedDatabase) -> None:
    code = make.code_for(db, PHONE)
    make.code_for(db, "ravi@example.com", "999000")

    with pytest.raises(identity.WrongCode):
        make.sign_in(db, "ravi@example.com", code)


def test_no_answer_tells_an_account_from_a_stranger(db: RehearsedDatabase) -> None:
    known, unknown, unasked = PHONE, "+919800000001", "+919800000002"
    make.person(db, phone=known)

    answers = [
        db.write(identity.request_code, uuid7(), make.address(text), "123456")
        for text in (known, unknown)
    ]
    refusals = []
    for text in (known, unknown, unasked):
        with pytest.raises(identity.WrongCode) as refused:
            make.sign_in(db, text, "000000")
        refusals.append((refused.value.slug, refused.value.facts))

    assert answers == [None, None]
    assert refusals == [("wrong-code", {})] * 3
    assert len(sent(db)) == 2


def test_an_address_gets_five_codes_an_hour_and_ten_a_day(db: RehearsedDatabase) -> None:
    for _ in range(5):
        make.code_for(db, PHONE)
        db.clock.advance(MINUTE)
    with pytest.raises(RateLimited) as refused:
        make.code_for(db, PHONE)
    assert refused.value.facts["retry_after_s"] == 55 * 60 + 1
    make.code_for(db, "ravi@example.com")

    db.clock.advance(HOUR)
    for _ in range(5):
        make.code_for(db, PHONE)
    db.clock.advance(HOUR)
    with pytest.raises(RateLimited):
        make.code_for(db, PHONE)
    db.clock.advance(24 * HOUR)
    make.code_for(db, PHONE)


def test_old_codes_are_forgotten(db: RehearsedDatabase) -> None:
    code_id = uuid7()
    db.write(identity.request_code, code_id, make.address(), "123456")
    db.clock.advance(25 * HOUR)

    db.write(identity.forget_codes)

    db.write(identity.request_code, code_id, make.address("ravi@example.com"), "123456")


def test_a_person_adds_a_second_address_and_signs_in_with_it(db: RehearsedDatabase) -> None:
    ravi = make.person(db, phone=PHONE)

    db.write(
        identity.add_address,
        make.address("Ravi@example.com"),
        make.code_for(db, "ravi@example.com"),
        by=ravi,
    )

    signed_in = make.sign_in(db, "ravi@example.com", make.code_for(db, "ravi@example.com", "1" * 6))
    assert signed_in.user.id == ravi.user_id
    assert sorted(a.kind for a in signed_in.user.addresses) == ["email", "phone"]


def test_an_address_belongs_to_one_account(db: RehearsedDatabase) -> None:
    make.person(db, phone=PHONE)
    meera = make.person(db, phone="+919800000001")

    with pytest.raises(identity.AddressTaken):
        db.write(identity.add_address, make.address(), make.code_for(db, PHONE), by=meera)


def test_the_last_way_to_sign_in_stays(db: RehearsedDatabase) -> None:
    ravi = make.person(db, phone=PHONE)

    with pytest.raises(identity.LastAddress):
        db.write(identity.remove_address, make.address(), by=ravi)
    with pytest.raises(NotFound):
        db.write(identity.remove_address, make.address("ravi@example.com"), by=ravi)

    mail = make.address("ravi@example.com")
    db.write(identity.add_address, mail, make.code_for(db, mail.text), by=ravi)
    db.write(identity.remove_address, make.address(), by=ravi)
    assert [a.address for a in db.read(identity.get_me, by=ravi).addresses] == [mail.text]
