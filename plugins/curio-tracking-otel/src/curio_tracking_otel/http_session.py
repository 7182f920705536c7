"""The HTTP session of the official exporters, which also says why a request failed.

They themselves mention the reason only when they are going to try again.
"""

from __future__ import annotations

from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

from curio_tracking_otel.silence import overhear

_FIRST_ERROR: Final = 400


class TellingSession(requests.Session):
    """A session whose failures become the reason in our warning."""

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        """See `requests.Session.request`."""
        try:
            response = super().request(*arguments, **options)
        except Exception as error:
            cause = _innermost(error)
            overhear(f"{type(cause).__name__}: {cause}")
            raise
        if response.status_code >= _FIRST_ERROR:
            overhear(f"HTTP status {response.status_code} {response.reason}")
        return response

    def close(self) -> None:
        """Close the connections here and now: urllib3 leaves it to finalizers, which do nothing when Python exits."""
        for adapter in self.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                for manager in (adapter.poolmanager, *adapter.proxy_manager.values()):
                    for key in manager.pools.keys():  # noqa: SIM118 - urllib3's container cannot be iterated
                        manager.pools[key].close()
        super().close()


def _innermost(error: BaseException) -> BaseException:
    """Return what it began with; the exceptions around it repeat it in more and more words."""
    cause: BaseException | None = error
    while cause is not None:
        error, cause = cause, cause.__cause__ or cause.__context__
    return error
