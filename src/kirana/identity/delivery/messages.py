"""What a message with a code says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    code: str
    subject: str
    text: str
    """For e-mail."""
    short_text: str
    """For SMS; its last line lets the phone offer the code to this server's page, and no other.

    Source: wicg.github.io/sms-one-time-codes.
    """


def compose(code: str, server_name: str, host: str, language: str) -> Message:
    """The message in `language`, or in English."""
    lines = _TEXTS.get(language.split("-")[0].lower(), _TEXTS["en"])
    subject, first, second = (line.format(code=code, name=server_name) for line in lines)
    return Message(
        code=code,
        subject=subject,
        text=f"{first}\n\n{second}\n",
        short_text=f"{first}\n\n@{host} #{code}" if host else first,
    )


_TEXTS = {
    "en": (
        "{code} is your {name} code",
        "{code} is your {name} code. It works for 10 minutes.",
        "Nobody from {name} will ever ask you for it. If you did not ask for a code, "
        "somebody may have mistyped their address: do nothing.",
    ),
    "de": (
        "{code} ist dein Code für {name}",
        "{code} ist dein Code für {name}. Er gilt 10 Minuten.",
        "Niemand von {name} wird dich je danach fragen. Wenn du keinen Code angefordert hast, "
        "hat sich wohl jemand vertippt: Du musst nichts tun.",
    ),
    "es": (
        "{code} es tu código de {name}",
        "{code} es tu código de {name}. Vale durante 10 minutos.",
        "Nadie de {name} te lo pedirá nunca. Si no pediste ningún código, "
        "quizá alguien escribió mal su dirección: no hagas nada.",
    ),
    "fr": (
        "{code} est votre code {name}",
        "{code} est votre code {name}. Il est valable 10 minutes.",
        "Personne chez {name} ne vous le demandera jamais. Si vous n’avez pas demandé de code, "
        "quelqu’un s’est sans doute trompé d’adresse : ne faites rien.",
    ),
    "pt": (
        "{code} é o seu código do {name}",
        "{code} é o seu código do {name}. Vale por 10 minutos.",
        "Ninguém do {name} vai pedir este código. Se você não o pediu, "
        "alguém deve ter errado o endereço: não faça nada.",
    ),
    "hi": (
        "{code} आपका {name} कोड है",
        "{code} आपका {name} कोड है। यह 10 मिनट तक चलेगा।",
        "{name} से कोई भी आपसे यह कोड कभी नहीं माँगेगा। अगर आपने कोड नहीं माँगा था, "
        "तो शायद किसी ने अपना पता ग़लत लिखा है: कुछ न करें।",
    ),
}
