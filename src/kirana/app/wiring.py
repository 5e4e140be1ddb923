"""Who reacts to what: the whole conversation between rooms, on one page."""

from kirana import business, catalog, chat, crm, identity, money, notices, orders
from kirana.catalog import files
from kirana.platform import pictures, stream
from kirana.platform.db import Database
from kirana.platform.events import Bus
from kirana.platform.stream import Frames

from . import reactions


def wire(bus: Bus) -> None:
    """Listeners, jobs, and what runs by the clock."""
    bus.on(identity.UserJoined, reactions.know_person, orders.adopt_by_address)
    bus.on(identity.ZoneChanged, reactions.know_zone)
    bus.on(identity.GuestJoined, chat.join_guest, orders.adopt_guest, reactions.hand_over_wallet)
    bus.on(identity.DeviceKeysChanged, chat.tell_devices)
    bus.on(identity.DeviceRevoked, chat.forget_device)
    bus.on(business.BusinessOpened, reactions.know_business)

    bus.on(chat.ConversationWoke, crm.greet)

    bus.on(money.TransferPosted, orders.mark_paid, ref_kind="order")
    bus.on(money.TransferExpired, orders.cancel_unfunded, ref_kind="order")
    for between_people in ("conversation", ""):
        bus.on(money.TransferPosted, reactions.post_transfer_card, ref_kind=between_people)
        bus.on(
            money.RequestMade,
            reactions.spare_the_blocked,
            reactions.post_request_card,
            ref_kind=between_people,
        )
        for told in (money.RequestReminded, *money.REQUEST_ENDS):
            bus.on(told, reactions.post_request_card, ref_kind=between_people)

    bus.on(money.TransferPosted, reactions.post_link_card, ref_kind="link")

    bus.on(money.TransferExpired, reactions.tell_of_returned_link, ref_kind="link")
    bus.on(money.TransferExpired, money.hear_expired)
    bus.on(money.StandingOrderRefused, reactions.tell_of_missed_payment)
    bus.on(money.ReviewNeeded, reactions.tell_operators)
    bus.on(money.ReviewEnded, reactions.tell_of_review)
    bus.on(money.BooksBroken, reactions.tell_of_broken_books)
    bus.on(money.PayoutSettled, reactions.tell_of_payout)
    bus.on(money.PayoutFailed, reactions.tell_of_payout)
    bus.on(money.AddressChanged, reactions.tell_of_address)

    bus.on(money.CardAccountDue, money.hear_account_due)
    bus.on(money.CardAccountChanged, reactions.tell_of_card_account)
    bus.on(money.CardPaymentHeld, orders.show_held, ref_kind="order")
    bus.on(money.CardPaymentEnded, orders.cancel_unpaid, ref_kind="order")
    bus.on(money.RailPaymentDue, money.hear_due)
    bus.on(money.RailLinesDue, money.hear_lines_due)

    bus.on(money.ClaimMade, reactions.post_claim_card)
    bus.on(money.ClaimRejected, reactions.post_claim_card)

    bus.on(money.SplitMade, reactions.post_split_card)
    bus.on(money.SplitReminded, reactions.post_split_card)
    bus.on(money.SplitClosed, reactions.post_split_card)
    for of_share in (money.RequestMade, money.RequestReminded):
        bus.on(of_share, reactions.spare_the_blocked, reactions.post_share_card, ref_kind="split")
    for ended in money.REQUEST_ENDS:
        bus.on(ended, money.settle_split, reactions.post_share_card, ref_kind="split")

    for order_event in orders.EVENTS:
        bus.on(order_event, reactions.post_order_card)

    bus.jobs(files.apply_rows, files.undo_rows, money.apply_event)
    bus.outside_jobs(
        identity.send_code,
        chat.remove_files,
        chat.push_notes,
        files.fetch_pictures,
        money.call_rail,
        money.check_card_account,
        money.look_at_event,
        money.read_rail_lines,
        money.seal_books,
        pictures.remove_pictures,
    )

    bus.every(
        5,
        orders.expire_orders,
        money.expire_holds,
        money.expire_requests,
        reactions.run_standing_orders,
        money.look_at_rail_payments,
        money.look_at_rail_lines,
        chat.expire_messages,
    )
    bus.every(30, catalog.release_expired)
    bus.every(
        3600,
        money.close_bank_days,
        money.let_keys_go,
        money.close_books,
        identity.forget_codes,
        identity.forget_challenges,
        identity.forget_confirmations,
        identity.revoke_idle,
        money.forget_waived,
        chat.drop_stale_media,
        chat.forget_invitations,
        chat.expire_device_messages,
        chat.forget_used_keys,
        notices.forget_notices,
        stream.expire_entries,
    )


def draw(frames: Frames) -> None:
    """How pointers of a stream become frames; a kind without a query stays a pointer."""
    frames.queries["message"] = chat.message_frames


def close_commits(database: Database) -> None:
    """What each commit ends with, beside its jobs and stream entries."""
    database.before_commit.append(money.seal)
