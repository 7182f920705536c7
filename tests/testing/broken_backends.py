"""The suites of backends that each break one promise, as plugins do sooner or later, and of a sound one.

Not collected with the other tests: `test_backend_contract` runs it in a process of its own.
"""

from __future__ import annotations

import broken_company
import broken_keeping
import broken_questions
import broken_totals
from sound_backend import SoundBackend
from suites import Suites

from curio_tracking.testing import BackendContract

SUITES = Suites(
    globals(),
    BackendContract,
    lambda broken: {"make_backend": lambda tmp_path: lambda: broken(tmp_path / "data" / "r")},
)
SUITES.sound(SoundBackend)
for _module in (broken_questions, broken_keeping, broken_totals, broken_company):
    for _test, _broken in _module.FAULTS:
        SUITES.caught_by_test(_test)(_broken)
CAUGHT_BY = SUITES.caught_by
