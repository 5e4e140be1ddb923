"""A report is proven, or it is none."""

from base64 import b64encode

import pytest

from kirana import chat
from kirana.platform.problems import NotFound
from kirana.values import MessageId, uuid7
from tests.database import RehearsedDatabase

from . import make

KEY = b64encode(b"k" * 32).rstrip(b"=").decode()


def test_what_was_written_can_be_shown_to_the_operator(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    db.clock.advance(1_000)
    message = make.secret(db, place, '{"type":"text","text":"Threat"}', by=ravi)
    sent_at = db.clock.now
    db.clock.advance(1_000)
    db.write(chat.delete_message, message, by=ravi)

    shown = chat.Shown(message, KEY, '{"type":"text","text":"Threat"}')
    (report,) = db.write(chat.report_messages, [shown], by=meera)
    again = db.write(chat.report_messages, [shown, shown], by=meera)

    assert (report.sender_id, report.reporter_id) == (ravi.user_id, meera.user_id)
    assert (report.sent_at, report.content) == (sent_at, shown.c)
    assert again == db.read(chat.list_reports) == [report]


def test_an_invented_report_is_refused_whole(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    true, other = make.secret(db, place, "Hello", by=ravi), make.secret(db, place, "Bye", by=ravi)
    right = chat.Shown(true, KEY, "Hello")

    for wrong in (
        chat.Shown(true, KEY, "I will hurt you"),
        chat.Shown(other, KEY, "Hello"),
        chat.Shown(true, b64encode(b"x" * 32).decode(), "Hello"),
        chat.Shown(true, "", "Hello"),
        chat.Shown(true, "§", "Hello"),
        chat.Shown(true, KEY, "Hello\x00"),
        chat.Shown(true, KEY, "\ud800"),
    ):
        with pytest.raises(chat.NotProven):
            db.write(chat.report_messages, [right, wrong], by=meera)
    assert db.read(chat.list_reports) == []


def test_only_what_others_sent_to_oneself_can_be_reported(db: RehearsedDatabase) -> None:
    ravi, meera, omar = make.person(db), make.person(db, "Meera"), make.person(db, "Omar")
    place = make.private(db, ravi, meera)
    message = make.secret(db, place, "Hello", by=ravi)
    shop = make.conversation(db, meera, make.shop(db))
    readable = make.message(db, shop, by=meera)

    for who, target in (
        (ravi, message),
        (omar, message),
        (meera, MessageId(uuid7())),
        (meera, readable),
    ):
        with pytest.raises(NotFound):
            db.write(chat.report_messages, [chat.Shown(target, KEY, "Hello")], by=who)


def test_an_operator_closes_a_report_once(db: RehearsedDatabase) -> None:
    ravi, meera = make.person(db), make.person(db, "Meera")
    place = make.private(db, ravi, meera)
    message = make.secret(db, place, "Buy now", by=ravi)
    shown = chat.Shown(message, KEY, "Buy now")
    db.write(chat.report_messages, [shown], chat.Reason.SPAM, by=meera)

    db.write(chat.close_reports, meera.user_id, [message], " Warned. ")
    db.write(chat.close_reports, meera.user_id, [message], "Again")

    (closed,) = db.read(chat.list_reports, is_closed=True)
    assert (closed.reason, closed.closing_note) == (chat.Reason.SPAM, "Warned.")
    assert db.read(chat.list_reports) == []
