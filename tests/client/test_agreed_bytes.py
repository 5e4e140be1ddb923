"""What both clients must write alike. The values were made by the browser's client."""

import json

from kirana.client import envelope
from kirana.client.lists import next_list
from kirana.client.recovery import open_bundle
from kirana.client.wire import canonical, decode64, encode64, signable

KEY = "ABCD EFGH IJKL MNOP QRST UVWX YZ23 4567 ABCD EFGH IJKL MNOP QRSA"


def test_a_bundle_of_the_browser_opens() -> None:
    sealed = "xdTGUtc3Ub05F+ibrF5mOG0Q5M4rfAKEFmL/RtKCBPIIK053iyFzqnploCJGRQ"

    assert open_bundle(KEY, "@u:kirana", sealed) == {"hello": "wörld"}


def test_a_list_has_the_hash_that_the_browser_gives_it() -> None:
    made = next_list(["b", "a", "c", "b"], ["b"], None)

    assert made.hash == "0q40fwtAhZAkM3SvES2rrPSjuCL3wnT2cB3KTKZ7eQg"


def test_an_envelope_of_the_browser_opens() -> None:
    content = json.dumps(
        {"type": "text", "text": 'नमस्ते "x"\u2028</'}, ensure_ascii=False, separators=(",", ":")
    )
    told = {"v": 1, "id": "m1", "conv": "c1", "at": 5, "list": "h", "k": encode64(bytes([7] * 32))}
    com = "+JfHBGSEiHj/e2EPLkFwKTHNPwkNoXBlq14T0BvK5jE"

    opened = envelope.open_envelope({**told, "c": content, "pad": " "}, "m1", "c1", com)

    assert opened.content["text"] == 'नमस्ते "x"\u2028</'
    assert (opened.list_hash, opened.at) == ("h", 5)


def test_an_envelope_is_filled_up_to_a_multiple_of_256_bytes() -> None:
    for text in ("", "x", "नमस्ते" * 40, '"' * 100):
        made = envelope.seal("m1", "c1", {"text": text}, at=5, list_hash="h")
        whole = json.dumps(made.envelope, ensure_ascii=False, separators=(",", ":")).encode()
        assert len(whole) % 256 == 0
        assert envelope.open_envelope(made.envelope, "m1", "c1", made.com).content["text"] == text


def test_canonical_json_is_that_of_the_specification() -> None:
    """Source: Matrix specification, appendices, "Canonical JSON"."""
    assert canonical({"b": "日本語", "a": [{}, None, 1, True]}) == (
        '{"a":[{},null,1,true],"b":"日本語"}'.encode()
    )
    assert signable({"b": 1, "signatures": {}, "unsigned": {}}) == b'{"b":1}'


def test_base64_has_no_padding_and_is_read_with_or_without() -> None:
    assert encode64(b"f") == "Zg"
    assert decode64("Zg") == decode64("Zg==") == b"f"
