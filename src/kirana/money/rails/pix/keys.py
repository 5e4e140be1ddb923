"""The keys under which an account is found in Brazil."""

import re
from typing import Literal

from ..check_digits import is_cnpj, is_cpf

Kind = Literal["cpf", "cnpj", "phone", "email", "random"]

_SHAPES: dict[Kind, str] = {
    "cpf": r"[0-9]{11}",
    "cnpj": r"[0-9A-Z]{12}[0-9]{2}",
    "phone": r"\+55[1-9][0-9][0-9]{8,9}",
    "email": r"(?=.{3,77}$)[a-z0-9._%+&'*/=?^{|}~#!$-]+@[a-z0-9-]+(\.[a-z0-9-]+)+",
    "random": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}


def kind_of(key: str) -> Kind | None:
    """By its shape alone; None for what is no key."""
    for kind, shape in _SHAPES.items():
        if re.fullmatch(shape, key):
            return kind
    return None


def has_right_digits(key: str) -> bool:
    """Whether the check digits of a CPF or CNPJ are right; others have none."""
    kind = kind_of(key)
    return is_cpf(key) if kind == "cpf" else kind != "cnpj" or is_cnpj(key)


def tidy(key: str) -> str:
    """As people type it to as the codes spell it: `123.456.789-09` to `12345678909`."""
    key = key.strip()
    if "@" in key or kind_of(key.lower()) == "random":
        return key.lower()
    return re.sub(r"[\s().\-/]", "", key).upper()
