"""The sending thread, whatever happens in it."""

from __future__ import annotations

import logging
import time

from curio_tracking_otel.sender import Sender


class BrokenFeed:
    """A feed with a fault that nobody has thought of."""

    outlet = type("Closed", (), {"close": lambda self: None, "break_off": lambda self: None})()
    due_at = 0.0
    is_urgent = has_work = True

    def send(self):
        raise ZeroDivisionError

    def finish(self, deadline):
        raise ZeroDivisionError


def test_a_fault_of_ours_is_one_warning_and_no_traceback(caplog, capfd):
    sender = Sender([BrokenFeed()])
    for _ in range(3):
        sender.nudge()
        time.sleep(0.05)
    sender.close()
    assert [(record.name, record.levelno) for record in caplog.records] == [("curio_tracking", logging.WARNING)]
    assert capfd.readouterr().err == ""
