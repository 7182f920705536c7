"""`plugins check` finds what a plugin breaks, whatever it does, and touches nothing of the user's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Site

FILTER = """
from curio_tracking import hookimpl

class Filter:
    def apply(self, record):
        {body}

@hookimpl
def curio_register_filters(register):
    register("subject", lambda settings: Filter())
"""
SOUND = FILTER.format(body="return record")
LISTENER = """
from curio_tracking import hookimpl

@hookimpl
def curio_startup(tracker):
    {body}
"""
OPTIONAL = """
from curio_tracking import hookimpl
from pydantic import BaseModel, ConfigDict

class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    is_wanted: bool = False

class Filter:
    def apply(self, record):
        return record

def make(settings):
    return Filter() if settings.options("subject", Options).is_wanted else None

@hookimpl
def curio_register_filters(register):
    register("subject", make, options=Options)
"""


def broken(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return the broken promises with their reasons."""
    return {one["promise"]: one["reason"] for row in rows for one in row["broken"]}


def test_sound_plugin_passes_and_its_costs_are_told(site: Site) -> None:
    site.install("subject", SOUND)
    code, (plugin, part) = site.check()
    assert code == 0
    assert (plugin["kind"], plugin["state"], plugin["broken"]) == ("plugin", "passed", [])
    assert (part["kind"], part["part"], part["state"], part["latency_per"]) == ("filter", "subject", "passed", "record")
    assert part["kept"] > 5
    assert plugin["load_ms"] > 0
    assert part["latency_us"] > 0


BREAKING = {
    "a filter that changes the id": (
        FILTER.format(body="record.record_id += 'x'; return record"),
        "keeps the record id",
    ),
    "a filter that returns nothing sensible": (FILTER.format(body="return 5"), "returns a record or none"),
    "a filter that prints": (FILTER.format(body="print('hello'); return record"), "prints nothing"),
    "a module that cannot be imported": (f"import nothing_like_it\n{SOUND}", "can be loaded"),
    "a module that exits": (f"raise SystemExit(3)\n{SOUND}", "can be loaded"),
    "a module that prints": (f"print('hello')\n{SOUND}", "leaves an application alone"),
    "a hook that raises": (LISTENER.format(body="raise RuntimeError('not today')"), "leaves an application alone"),
    "a hook that there is not": (
        SOUND + "\n@hookimpl\ndef curio_register_nothing(register):\n    pass\n",
        "loads without a warning",
    ),
    "a factory that raises": (SOUND.replace("Filter())", "1 / 0)"), "can be made"),
}


@pytest.mark.parametrize("fault", BREAKING)
def test_broken_promise_is_named(site: Site, fault: str) -> None:
    source, promise = BREAKING[fault]
    site.install("subject", source)
    code, rows = site.check("subject")
    assert code == 1
    assert promise in broken(rows)


ENDING = {
    "exits the process": ("import os; os._exit(3)", "the process ended with exit code 3", "600"),
    "crashes": (
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "the process ended with signal SIGSEGV",
        "600",
    ),
    "hangs": ("import time; time.sleep(600)", "no end after 45 s", "45"),
}
"""What a plugin does, what becomes of that, and the time to give it: even on a busy machine it hangs before."""


@pytest.mark.parametrize("fault", ENDING)
def test_plugin_that_takes_the_process_along_is_reported(site: Site, fault: str) -> None:
    source, reason, timeout = ENDING[fault]
    site.install("subject", f"{source}\n{SOUND}")
    code, rows = site.check("subject", "--timeout", timeout)
    assert code == 1
    assert broken(rows) == {"can be checked to the end": reason}


OUTLIVING = """
import os, time
stream = open({place!r}, "w", buffering=1)
print(os.getcwd(), file=stream)
time.sleep(300)
print("goes on", file=stream)
"""


def test_plugin_does_not_outlive_a_check_that_is_killed(site: Site, tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    site.install("subject", OUTLIVING.format(place=str(told)))
    command = [sys.executable, "-P", "-m", "curio_tracking", "plugins", "check", "subject"]
    check = subprocess.Popen(command, env=site.environment, cwd=site.work, stdout=subprocess.DEVNULL)
    with told.open() as stream:
        directory = Path(stream.readline().strip())
        check.kill()
        assert stream.read() == ""  # nobody has it open any more
    check.wait()
    assert not directory.exists()


@pytest.mark.parametrize("fault", ENDING)
def test_promise_that_takes_the_process_along_is_named(site: Site, fault: str) -> None:
    source, reason, timeout = ENDING[fault]
    # with the first record of many: by then its suite runs
    body = f"if record.feature_name == 'feature_7':\n            {source}\n        return record"
    site.install("subject", FILTER.format(body=body))
    code, rows = site.check("subject", "--timeout", timeout)
    assert code == 1
    assert broken(rows) == {"goes on for many records": reason}
    assert rows[1]["kept"] > 0


def test_others_are_checked_though_one_takes_its_process_along(site: Site) -> None:
    site.install("first", "import os; os._exit(3)\n" + SOUND)
    site.install("second", SOUND)
    code, rows = site.check()
    assert code == 1
    assert [(row["name"], row["state"]) for row in rows if row["kind"] == "plugin"] == [
        ("first", "failed"),
        ("second", "passed"),
    ]


def test_other_plugins_are_not_at_work_meanwhile(site: Site) -> None:
    site.install("noisy", LISTENER.format(body="print('hello')"))
    site.install("subject", SOUND)
    assert site.check("subject")[0] == 0


# -- the user's own things ---------------------------------------------------------------------------------------------


def test_nothing_of_the_user_is_touched(site: Site, data_dir: Path, tmp_path: Path) -> None:
    site.variables |= {"FEATURE_TRACKING_BACKEND": "csv", "TMPDIR": str(tmp_path / "temporary")}
    (tmp_path / "temporary").mkdir()
    site.install_tree(_written(site, "exporter"))
    assert site.check()[0] == 0
    assert not data_dir.exists()
    assert list((tmp_path / "temporary").iterdir()) == []
    assert [path.name for path in site.work.iterdir()] == ["my-shelf"]


def test_settings_of_the_user_do_not_count(site: Site) -> None:
    site.variables |= {"FEATURE_TRACKING_SUBJECT__IS_WANTED": "nonsense", "FEATURE_TRACKING_SAMPLE_RATE": "7"}
    site.install("subject", OPTIONAL)
    assert site.check("subject")[0] == 0


def test_option_reaches_the_plugin(site: Site) -> None:
    site.install("subject", OPTIONAL)
    code, (_plugin, part) = site.check("subject", "--option", "is_wanted=true")
    assert (code, part["state"]) == (0, "passed")


def test_part_that_its_options_leave_out_is_said_not_to_be_checked(site: Site) -> None:
    site.install("subject", OPTIONAL)
    code, (_plugin, part) = site.check("subject")
    assert (code, part["state"], part["kept"]) == (0, "idle", 0)
    done = site.command("check", "subject")
    assert 'subject: filter "subject" is not needed with these options; see --option' in done.stderr


def test_misspelt_option_names_its_variable(site: Site) -> None:
    site.install("subject", OPTIONAL)
    code, rows = site.check("subject", "--option", "is_wantd=true")
    assert code == 1
    assert broken(rows)["can be made"].startswith("FEATURE_TRACKING_SUBJECT__IS_WANTD: ")


def test_single_file_can_be_checked(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o700)
    (folder / "subject.py").write_text(SOUND)
    site.variables["FEATURE_TRACKING_PLUGINS_DIR"] = str(folder)
    code, rows = site.check("subject")
    assert code == 0
    assert {row["kind"]: row["state"] for row in rows} == {"plugin": "passed", "filter": "passed"}


def test_disabled_plugin_is_checked_when_it_is_named(site: Site) -> None:
    site.variables["FEATURE_TRACKING_PLUGINS_DISABLED"] = "subject"
    site.install("subject", SOUND)
    assert site.check()[1] == []
    assert [row["state"] for row in site.check("subject")[1]] == ["passed", "passed"]


BUILT_IN = ("memory", "redact", "list-features")


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_plugin_passes(site: Site, name: str) -> None:
    code, rows = site.check(name)
    assert code == 0
    assert {row["state"] for row in rows} == {"passed"}


# -- asking wrongly ----------------------------------------------------------------------------------------------------


def test_nothing_to_check_is_said(site: Site) -> None:
    done = site.command("check")
    assert (done.returncode, done.stderr) == (0, "no plugins but the built-in ones\n")


def test_unknown_plugin_is_refused(site: Site) -> None:
    site.install("subject", SOUND)
    done = site.command("check", "subjekt")
    assert done.returncode == 2
    assert done.stderr == 'error: unknown plugin "subjekt"; known: subject; did you mean "subject"?\n'


@pytest.mark.parametrize("words", [("--option", "a=1"), ("subject", "--option", "a"), ("subject", "--timeout", "0")])
def test_bad_option_is_a_usage_error(site: Site, words: tuple[str, ...]) -> None:
    site.install("subject", SOUND)
    done = site.command("check", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("module", ["pytest", "hypothesis"])
def test_what_the_suites_need_is_named(site: Site, module: str) -> None:
    (site.folder / f"{module}.py").write_text("raise ImportError")
    site.install("subject", SOUND)
    done = site.command("check")
    assert done.returncode == 1
    assert f'error: the suites need {module}; run: pip install "curio-tracking[testing]"' in done.stderr


def test_interrupt_ends_it_and_what_it_has_started(site: Site, tmp_path: Path) -> None:
    trace = tmp_path / "pid"
    hang = f"import os, time\nopen({str(trace)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    site.install("subject", hang + SOUND)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "curio_tracking", "plugins", "check"],
        env=site.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (trace.exists() and trace.read_text()):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(180) == 130
    assert process.communicate()[1] == ""
    with pytest.raises(ProcessLookupError):
        os.kill(int(trace.read_text()), 0)


def _written(site: Site, kind: str) -> Path:
    assert site.command("new", kind, "my-shelf").returncode == 0
    return site.work / "my-shelf"
