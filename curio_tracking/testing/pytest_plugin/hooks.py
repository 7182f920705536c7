"""What pytest calls: the options, the begin and the end of the run and of each test, the fixtures, the usage.

A run that tracks nothing must look and end as it does without this plugin: whatever fails in here is logged, never
raised, unless the user has asked for something that cannot be.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from curio_tracking.testing.pytest_plugin.environment import IsolatedEnvironment
from curio_tracking.testing.pytest_plugin.run import IsolatedRun, report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Any, Final

    from curio_tracking.testing.pytest_plugin.clock import ControlledClock
    from curio_tracking.testing.pytest_plugin.tracked import TrackedRecords

MARKER: Final = "curio_tracking"
ISOLATION: Final = "curio_tracking_isolation"
CONTEXT: Final = "curio_tracking.collecting.context"
TESTS_OF_WORKER: Final = "curio_tracking_tests"
_RUN: Final[pytest.StashKey[IsolatedRun]] = pytest.StashKey()
_TESTS: Final[pytest.StashKey[list[Any]]] = pytest.StashKey()


# -- the run ----------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the setting."""
    group = parser.getgroup("curio-tracking", "feature tracking")
    group.addoption(
        "--feature-usage",
        action="store_true",
        help="show how often the tests called each tracked feature, and which features none of them called",
    )
    group.addoption("--feature-usage-json", metavar="PATH", help="write the feature usage of the run to PATH, as JSON")
    parser.addini(
        ISOLATION,
        "keep tracked calls of tests out of the real store, and each test's records to itself (default: true)",
        type="bool",
        default=True,
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the environment before anything of the application is imported."""
    _prepare(early_config)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", f"{MARKER}(**settings): settings of Curio Tracking for this test, for example sample_rate=0.1"
    )
    _prepare(config)


def _prepare(config: pytest.Config) -> None:
    if _RUN in config.stash:
        return
    options, is_isolated = config.known_args_namespace, config.getini(ISOLATION)
    wants_usage = any(getattr(options, name, None) for name in ("feature_usage", "feature_usage_json"))
    if wants_usage and not is_isolated:
        raise pytest.UsageError(f"--feature-usage needs {ISOLATION} = true: the usage is that of the run's own store")
    run = config.stash[_RUN] = IsolatedRun(
        IsolatedEnvironment(sets_variables=bool(is_isolated)), wants_usage=wants_usage
    )
    config.stash[_TESTS] = []
    config.add_cleanup(run.close)


# -- each test --------------------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give the test an empty tracker, with the settings that it asks for."""
    run = item.config.stash[_RUN]
    try:
        run.begin_test(item.nodeid)
        if "tracked" in getattr(item, "fixturenames", ()):
            run.lend().see_everything()
    except Exception as error:
        report("the isolation of a test", error)
    settings = _settings_of(item)
    if settings:
        _configure(run, settings)


def _settings_of(item: pytest.Item) -> dict[str, Any]:
    """Return what the markers of the test, its class and its module say; the nearest one wins."""
    settings: dict[str, Any] = {}
    for mark in item.iter_markers(MARKER):
        if mark.args:
            pytest.fail(f"@pytest.mark.{MARKER} takes settings by name, for example sample_rate=0.1", pytrace=False)
        settings = {**mark.kwargs, **settings}
    return settings


def _configure(run: IsolatedRun, settings: dict[str, Any]) -> None:
    from curio_tracking.errors import CurioError

    try:
        run.lend().configure(settings, strict=True)
    except CurioError as error:
        raise pytest.fail.Exception(f"@pytest.mark.{MARKER}: {error}", pytrace=False) from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Leave the context as it was: a test that enters `tracking_context` and never leaves it speaks for itself only."""
    module: Any = sys.modules.get(CONTEXT)
    if module is None:
        return (yield)
    before = module.current.get()
    try:
        return (yield)
    finally:
        module.current.set(before)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Put the tracker back when the fixtures of the test are gone."""
    try:
        return (yield)
    finally:
        try:
            item.config.stash[_RUN].end_test()
        except Exception as error:
            report("putting the tracker back", error)


@pytest.fixture
def tracked(request: pytest.FixtureRequest) -> TrackedRecords:
    """The records of this test: every call of the default tracker since the test began."""
    from curio_tracking.testing.pytest_plugin.tracked import TrackedRecords

    loan = request.config.stash[_RUN].lend()
    loan.see_everything()
    return TrackedRecords(loan)


@pytest.fixture
def tracking_clock() -> Iterator[ControlledClock]:
    """The clock that tracked calls read in this test: it stands still until `advance(seconds)` or `set(moment)`."""
    from curio_tracking.testing.pytest_plugin.clock import controlled_clock

    with controlled_clock() as clock:
        yield clock


# -- the usage of the run ---------------------------------------------------------------------------------------------


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Add up what this process knows; a worker of pytest-xdist hands it on."""
    usage = session.config.stash[_RUN].usage
    if usage is None:
        return
    from curio_tracking.testing.pytest_plugin.usage import counted_tests

    try:
        usage.finish()
    except Exception as error:
        report("counting the usage", error)
    counted = counted_tests(usage)
    session.config.stash[_TESTS] += counted
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[TESTS_OF_WORKER] = counted


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker of pytest-xdist has counted."""
    node.config.stash[_TESTS] += getattr(node, "workeroutput", {}).get(TESTS_OF_WORKER, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the usage, in the process that the user has started."""
    run = config.stash[_RUN]
    if run.usage is None or hasattr(config, "workerinput"):
        return
    try:
        _show_usage(run, terminalreporter, config)
    except Exception as error:
        terminalreporter.write_line(f"cannot show the feature usage: {type(error).__name__}: {error}", red=True)


def _show_usage(run: IsolatedRun, reporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    from curio_tracking.testing.pytest_plugin.usage import usage_rows
    from curio_tracking.testing.pytest_plugin.usage_table import print_usage, write_usage

    tests: list[Any] = config.stash[_TESTS]
    rows = usage_rows(run.environment.root, tests)
    if config.option.feature_usage:
        print_usage(reporter, rows)
    if config.option.feature_usage_json:
        path = Path(config.invocation_params.dir, config.option.feature_usage_json)
        try:
            write_usage(path, rows)
        except OSError as error:
            reporter.write_line(f"cannot write the feature usage to {path}: {error.strerror}", red=True)
