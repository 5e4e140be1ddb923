"""What the operator decides, read from the environment once. `kirana --help` prints this list."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

_LOCAL = {"127.0.0.1", "localhost", "::1"}
_ADDRESSES = {
    "database_url": ("sqlite", "postgresql", "postgres"),
    "public_url": ("http", "https"),
    "smtp_url": ("smtp", "smtps"),
    "sms_url": ("https", "http"),
    "tiles_url": ("https", "http"),
    "nats_url": ("nats", "tls"),
    "stripe_url": ("https", "http"),
}


class BadSetting(ValueError):
    """A `KIRANA_*` variable that makes no sense."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is the environment variable `KIRANA_<NAME>`."""

    host: str = field(default="127.0.0.1", metadata={"help": "address to listen on"})
    port: int = field(default=8000, metadata={"help": "port to listen on"})
    data_dir: Path = field(default=Path("data"), metadata={"help": "folder for database and files"})
    database_url: str = field(
        default="",
        metadata={"help": "sqlite:///PATH or postgresql://…; empty: SQLite in the data folder"},
    )
    nats_url: str = field(
        default="",
        metadata={
            "help": "nats://[user:password@]host:4222 or tls://…, through which several processes "
            "on PostgreSQL ring for one another; empty: this is the only one"
        },
    )
    public_url: str = field(
        default="", metadata={"help": "how people reach this server; empty: http://HOST:PORT"}
    )
    name: str = field(default="Kirana", metadata={"help": "what this server is called"})
    demo: bool = field(
        default=False, metadata={"help": "1: a demo town, where anybody may sign in as anybody"}
    )
    log_json: bool = field(default=False, metadata={"help": "1: logs as JSON lines"})
    show_codes: bool = field(
        default=False,
        metadata={"help": "1: print sign-in codes to the console; for development only"},
    )
    smtp_url: str = field(
        default="", metadata={"help": "smtp[s]://user:password@host:port for codes by e-mail"}
    )
    mail_from: str = field(default="", metadata={"help": "sender address of e-mails"})
    sms_url: str = field(default="", metadata={"help": "HTTP gateway for codes by SMS"})
    sms_headers: str = field(
        default="", metadata={"help": "headers for the gateway, one 'Name: value' per line"}
    )
    sms_body: str = field(
        default='{"to": "{to}", "text": "{text}"}',
        metadata={"help": "body for the gateway, with {to} and {text}"},
    )
    stripe_key: str = field(
        default="",
        repr=False,
        metadata={"help": "secret or restricted key of your Stripe account; empty: no cards"},
    )
    stripe_webhook_secrets: str = field(
        default="",
        repr=False,
        metadata={
            "help": "signing secret of the webhook endpoint at Stripe (whsec_…); two, with a space "
            "between them, while one replaces the other"
        },
    )
    stripe_url: str = field(
        default="https://api.stripe.com", metadata={"help": "where Stripe's API is"}
    )
    vault_key: str = field(
        default="",
        repr=False,
        metadata={
            "help": "64 hex digits that seal the keys which shops entrust to this server; empty: "
            "made and kept in the data folder"
        },
    )
    tiles_url: str = field(
        default="", metadata={"help": "map tiles, https://…/{z}/{x}/{y}.png; empty: own sketch"}
    )
    tiles_attribution: str = field(default="", metadata={"help": "whose map tiles these are"})

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Raises: BadSetting for a value that does not fit."""
        given = os.environ if environment is None else environment  # noqa: TID251
        values = {
            f.name: _parse(f.name, type(f.default), given[f"KIRANA_{f.name.upper()}"])
            for f in fields(cls)
            if f"KIRANA_{f.name.upper()}" in given
        }
        settings = cls(**values).completed()  # type: ignore[arg-type]
        settings._check()
        return settings

    def completed(self) -> "Settings":
        """The same, with what follows from the other settings filled in."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["data_dir"] = Path(self.data_dir).absolute()
        if not self.database_url:
            values["database_url"] = f"sqlite:///{values['data_dir'] / 'kirana.db'}"
        if not self.public_url:
            host = f"[{self.host}]" if ":" in self.host else self.host
            values["public_url"] = f"http://{host}:{self.port}"
        values["public_url"] = values["public_url"].rstrip("/")
        return Settings(**values)

    def _check(self) -> None:
        """Raises: BadSetting for what would only fail when somebody needs it."""
        for name, schemes in _ADDRESSES.items():
            parts = urlsplit(getattr(self, name))
            if not parts.scheme and not parts.path:
                continue
            is_whole = bool(parts.hostname) or name == "database_url"
            if parts.scheme == "sqlite":
                is_whole = self.database_url.startswith("sqlite:///")
            if parts.scheme not in schemes or not is_whole:
                ways = " or ".join(f"{scheme}://…" for scheme in schemes)
                raise BadSetting(f"KIRANA_{name.upper()} is {ways}.")
        if self.nats_url and not self.database_url.startswith("postgres"):
            raise BadSetting("KIRANA_NATS_URL is for several processes, which need PostgreSQL.")
        if self.stripe_key and not self.stripe_webhook_secrets:
            raise BadSetting("KIRANA_STRIPE_KEY needs KIRANA_STRIPE_WEBHOOK_SECRETS.")
        if self.vault_key and not re.fullmatch("[0-9a-fA-F]{64}", self.vault_key):
            raise BadSetting("KIRANA_VAULT_KEY is 64 hex digits.")
        if self.smtp_url and "@" not in self.mail_from:
            raise BadSetting("KIRANA_SMTP_URL needs KIRANA_MAIL_FROM, the sender's address.")

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the server, as far as its settings say."""
        return self.host in _LOCAL and urlsplit(self.public_url).hostname in _LOCAL

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def _parse(name: str, kind: type, text: str) -> object:
    if kind is bool:
        if text.lower() not in {"", "0", "1", "no", "yes", "false", "true"}:
            raise BadSetting(f"KIRANA_{name.upper()} is 0 or 1, not {text!r}.")
        return text.lower() in {"1", "yes", "true"}
    if kind is int:
        if not text.isdigit() or not 0 <= int(text) < 65536:
            raise BadSetting(f"KIRANA_{name.upper()} is a number up to 65535, not {text!r}.")
        return int(text)
    return Path(text) if issubclass(kind, Path) else text
