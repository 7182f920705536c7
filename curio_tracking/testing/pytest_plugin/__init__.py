"""The pytest plugin for users: isolation of every test, `tracked`, `tracking_clock`, `--feature-usage`.

`hooks` is where to start reading: pytest finds here what is defined there. Every run of pytest imports this package in
an environment that has Curio Tracking, so it imports nothing of weight; the rest comes when a test tracks something.
"""

from __future__ import annotations

from curio_tracking.testing.pytest_plugin.hooks import (
    pytest_addoption,
    pytest_configure,
    pytest_load_initial_conftests,
    pytest_runtest_call,
    pytest_runtest_setup,
    pytest_runtest_teardown,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
    tracked,
    tracking_clock,
)

__all__ = [
    "pytest_addoption",
    "pytest_configure",
    "pytest_load_initial_conftests",
    "pytest_runtest_call",
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "tracked",
    "tracking_clock",
]
