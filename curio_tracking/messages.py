"""The library's log: no message of it steers a terminal or begins a further line, whatever it quotes.

Messages name features, plugins, files and exceptions, all of which come from elsewhere, and go to the application's
log or terminal. `runtime` imports this before any plugin can log, and `logbook`, through which everything speaks that
runs in a host, with its first message.
"""

from __future__ import annotations

import logging
from typing import Final

from curio_tracking.control_characters import visible


class _VisibleMessages(logging.Filter):
    """Lets every message pass, with its control characters visible."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the message where it has any."""
        try:
            message = record.getMessage()
        except Exception:  # the handler says so, as ever
            return True
        if not message.isprintable():
            record.msg, record.args = visible(message), ()
        return True


logger: Final = logging.getLogger("curio_tracking")
logger.addFilter(_VisibleMessages())
