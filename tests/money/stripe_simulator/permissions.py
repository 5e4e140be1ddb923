"""What a restricted key may do, by Stripe's own names. To write is to read, too."""

from .forms import BadRequest

_OF = {
    "checkout": "rak_checkout_session",
    "payment_intents": "rak_payment_intent",
    "refunds": "rak_charge",
    "disputes": "rak_dispute",
    "webhook_endpoints": "rak_webhook",
    "balance_transactions": "rak_balance_transaction_source",
    "payouts": "rak_payout",
}


def require_permission(may: set[str] | None, method: str, path: str) -> None:
    if may is None:
        return
    name = _OF[path.strip("/").split("/")[1].split("?")[0]]
    wanted = {f"{name}_write"} if method != "GET" else {f"{name}_write", f"{name}_read"}
    if not wanted & may:
        raise BadRequest(
            "permission_denied",
            "The provided key does not have the required permissions for this endpoint. "
            f"Having the '{sorted(wanted)[0]}' permission would allow this request to continue.",
            status=403,
        )
