"""The cookie that a browser carries its session in."""

from litestar.datastructures import Cookie

from kirana.platform.settings import Settings

COOKIE = "kirana_session"
_COOKIE_LIFE_S = 400 * 24 * 3600
"""As long as browsers keep a cookie at most. Source: RFC 6265bis section 5.5."""


def session_cookie(token: str, settings: Settings) -> Cookie:
    """The session's cookie; without a token, its end."""
    return Cookie(
        key=COOKIE,
        value=token,
        path="/",
        max_age=_COOKIE_LIFE_S if token else 0,
        httponly=True,
        secure=settings.is_https,
        samesite="lax",
    )
