"""PayNow, in Singapore. Proxies are mobile numbers and UENs, the numbers of companies."""

import re

from kirana.values import Money

from .. import emv
from ..amounts import require_currency
from ..check_digits import is_uen
from ..port import Details, Offer, Reading
from ..problems import refuse_address
from ..texts import plain_name
from .code import PayNowCode, read_code, write_code

__all__ = ["CURRENCY", "NAME", "PayNowCode", "check_address", "offer", "read", "recognizes"]

NAME = "paynow"
CURRENCY = "SGD"


def check_address(details: Details) -> dict[str, str]:
    """Either `mobile` or `uen`, and optionally `name`. Raises: InvalidInput."""
    mobile = re.sub(r"[\s\-]", "", details.get("mobile", ""))
    uen = details.get("uen", "").strip().upper()
    if bool(mobile) == bool(uen):
        refuse_address("mobile", "Give either a mobile number or a UEN.")
    name = {"name": plain_name(details, "name", 25)} if details.get("name", "").strip() else {}
    if mobile:
        mobile = mobile if mobile.startswith("+") else f"+65{mobile}"
        if not re.fullmatch(r"\+65[3689][0-9]{7}", mobile):
            refuse_address("mobile", "This is no mobile number of Singapore.")
        return {"mobile": mobile, **name}
    if not (is_uen(uen) or any(is_uen(uen[:length]) for length in (9, 10) if len(uen) <= 13)):
        refuse_address("uen", "This is no UEN: its letters, digits or last letter are wrong.")
    return {"uen": uen, **name}


def offer(address: Details, amount: Money | None, reference: str, *, attempt: int = 1) -> Offer:
    """The reference is the bill number. Raises: CodeRefused."""
    require_currency(amount, CURRENCY)
    code = PayNowCode(
        proxy_type="mobile" if "mobile" in address else "uen",
        proxy=address.get("mobile") or address["uen"],
        amount=amount,
        is_editable=amount is None,
        reference=reference,
        merchant=address.get("name", "NA"),
        initiation="11" if amount is None else "12",
    )
    return Offer(write_code(code))


def recognizes(text: str) -> bool:
    return emv.has_template(text, "SG.PAYNOW")


def read(text: str) -> Reading:
    """Raises: CodeRefused."""
    code = read_code(text)
    warnings = []
    if code.proxy_type == "uen" and len(code.proxy) > 10:
        warnings.append("The UEN has a suffix, which names one of several accounts.")
    elif code.proxy_type == "uen" and not is_uen(code.proxy):
        warnings.append("The last letter of the UEN does not check.")
    if code.amount is not None and code.is_editable:
        warnings.append("The payer may pay another amount.")
    return Reading(
        rail=NAME,
        currency=CURRENCY,
        amount_minor=code.amount.amount_minor if code.amount else None,
        payee=code.proxy,
        name=None if code.merchant == "NA" else code.merchant,
        reference=code.reference,
        fields=emv.flatten(emv.parse(text)),
        warnings=tuple(warnings),
    )
