"""Who may write: whoever knows the key or, where none is set, whoever is at this very machine."""

import hmac

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from api.config import MIN_KEY, ApiConfig
from api.hosts import host_of, is_loopback
from indexer.errors import HubdexError, SettingsError

SESSION = "hubdex_session"
"""The cookie of a browser that was given the key."""
_LABEL = b"hubdex session 1"
_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""What proxies add: who asks is then not at this machine, whatever the rest looks like."""


class KeyNeeded(HubdexError):
    """What was asked for is only for who may write."""

    word = "key_needed"

    def __init__(self) -> None:
        super().__init__(
            "What is downloaded here is told to nobody but who may download: send the service's "
            "HUBDEX_API_KEY as `Authorization: Bearer ...`, or ask from its own machine where it has none."
        )


def require_key(config: ApiConfig) -> None:
    """Refuse to listen to a network where everybody there could write.

    Raises:
        SettingsError: other machines would reach the service, and there is no key.

    """
    if config.api_key is None and not is_loopback(config.host):
        raise SettingsError(
            f"On {config.host or 'every address'} other machines reach Hubdex, and whoever does could "
            f"download and delete: set HUBDEX_API_KEY to a secret of {MIN_KEY} characters or more "
            "(`openssl rand -hex 24` makes one), or HUBDEX_HOST to 127.0.0.1."
        )


class Access:
    """Tells who may write.

    Only a digest of the key is kept, so that comparing takes the same time whatever is given, and neither
    a cookie nor a message can hold the key.

    Args:
        key: what has to be known; `None`: nothing, but then only this machine may write.
        bound_to: the name or address the service listens on.

    """

    def __init__(self, key: SecretStr | None, bound_to: str) -> None:
        self._session = None if key is None else _session_of(key.get_secret_value())
        self._is_alone = is_loopback(bound_to)

    @property
    def has_key(self) -> bool:
        """Whether there is a key that could be given."""
        return self._session is not None

    def session_for(self, given: str) -> str | None:
        """Give what the cookie of a browser holds that was given this key; `None` when it is not the key."""
        session = _session_of(given)
        return session if self._is_session(session) else None

    def allows(self, asked: Headers) -> bool:
        """Tell whether who sends these headers may write; what page it comes from is not looked at here."""
        if self._session is None:
            return self._is_alone and is_from_here(asked)
        given = bearer_of(asked)
        if given is not None:
            return self.session_for(given) is not None
        return self._is_session(cookie_parser(asked.get("cookie", "")).get(SESSION, ""))

    def _is_session(self, given: str) -> bool:
        return self._session is not None and hmac.compare_digest(given.encode(), self._session.encode())


def bearer_of(asked: Headers) -> str | None:
    """Give the key that a request brings; a proxy's own login in the same header is none."""
    scheme, _, given = asked.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def is_from_here(asked: Headers) -> bool:
    """Tell whether a request was made at this machine, to a service that listens to it alone.

    A proxy in front makes that of every request. It gives itself away by the name it was asked for, or by
    what it adds; one that does neither has to be told to.
    """
    host = host_of(asked.get("host", ""))
    return host is not None and is_loopback(host) and not any(name in asked for name in _PASSED_ON)


def _session_of(key: str) -> str:
    return hmac.digest(_LABEL, key.encode(), "sha256").hex()
