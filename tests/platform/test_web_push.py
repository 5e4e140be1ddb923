import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from kirana.platform import web_push
from kirana.platform.outgoing import NotPublic
from kirana.platform.web_push import decode, encode
from tests.database import RehearsedDatabase
from tests.push import Browser

HOUR_S = 3600


def test_the_example_of_the_standard_comes_out_byte_for_byte() -> None:
    """Source: RFC 8291 section 5 and appendix A."""
    target = web_push.Target(
        endpoint="https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        public_key=decode(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ),
        auth=decode("BTBZMqHH6r4Tts7J_aSIgg"),
    )

    sealed = web_push.seal(
        target,
        b"When I grow up, I want to be a watermelon",
        salt=decode("DGv6ra1nlYgDCS1FRnbzlw"),
        ephemeral="yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
        padded_to=0,
    )

    assert encode(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWA"
        "mS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxs"
        "j_Qulcy4a-fN"
    )


def test_only_that_browser_opens_it_and_every_length_looks_alike() -> None:
    browser, other = Browser(), Browser()
    short = web_push.seal(browser.target, b"{}")
    long = web_push.seal(browser.target, b"x" * 100)

    assert browser.open(short) == b"{}"
    assert browser.open(long) == b"x" * 100
    assert len(short) == len(long)
    with pytest.raises(InvalidTag):
        other.open(short)


def test_the_key_is_made_once_and_kept(db: RehearsedDatabase) -> None:
    with pytest.raises(LookupError):
        db.read(web_push.find_key)

    made = db.write(web_push.ensure_key)

    assert db.write(web_push.ensure_key) == made == db.read(web_push.find_key)
    assert len(decode(web_push.public_key_of(made))) == 65


def test_the_service_can_tell_who_is_speaking(db: RehearsedDatabase) -> None:
    key = db.write(web_push.ensure_key)
    said: dict[str, str] = {}

    def post(url: str, headers: dict[str, str], body: bytes) -> int:
        said.update(headers)
        return 201

    target = Browser("https://push.example.net:8443/a/b?c").target
    note = web_push.Note(b"{}", "topic", 60, "high")
    web_push.send(
        target, note, private_key=key, contact="mailto:omar@example.org", now=1000, post=post
    )

    scheme, token, public = said["Authorization"].replace(",", "").split(" ")
    header, claims, signature = token.removeprefix("t=").split(".")
    assert (scheme, public) == ("vapid", f"k={web_push.public_key_of(key)}")
    assert _read(header) == {"typ": "JWT", "alg": "ES256"}
    assert _read(claims) == {
        "aud": "https://push.example.net:8443",
        "exp": 1 + 12 * HOUR_S,
        "sub": "mailto:omar@example.org",
    }
    raw = decode(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    point = decode(public.removeprefix("k="))
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point).verify(
        encode_dss_signature(r, s), f"{header}.{claims}".encode(), ec.ECDSA(hashes.SHA256())
    )
    assert (said["TTL"], said["Topic"], said["Urgency"]) == ("60", "topic", "high")
    assert said["Content-Encoding"] == "aes128gcm"


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "https://[::1]/x", "http://1.1.1.1/x"])
def test_nothing_is_sent_into_the_operators_network_or_in_clear(url: str) -> None:
    with pytest.raises(NotPublic):
        web_push.post_publicly(url, {}, b"")


def _read(part: str) -> Any:
    return json.loads(decode(part))
