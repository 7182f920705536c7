"""The whole program, as a careless user runs it: every command, under umask 0, watched by an audit hook.

The hook notes which files are made, what is unpickled, compiled and started, in every process of the story.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from all_commands import USER, command_lines

from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing import make_record

DAY_US = 86_400_000_000
HOOK = """
import os, sys

EVENTS = {"open", "os.mkdir", "os.rename", "os.link", "os.symlink", "os.mkfifo", "tempfile.mkstemp", "tempfile.mkdtemp",
          "pickle.find_class", "compile", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen",
          "socket.connect", "socket.bind", "ctypes.dlopen", "code.__new__"}

def note(event, arguments):
    if event in EVENTS and not (event == "open" and not (arguments[2] or 0) & os.O_CREAT):
        shown = [part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)[:2000] for part in arguments]
        os.write(LOG, (repr((event, shown)) + "\\n").encode("utf-8", "backslashreplace"))

LOG = os.open(os.environ["WATCH_LOG"], os.O_WRONLY | os.O_APPEND)
sys.addaudithook(note)
"""
PWNED = "curio-was-here"
"""The file that every poison would make, in the working directory."""
POISONS = (
    f"__import__('os').system('touch {PWNED}')",
    f"cos\nsystem\n(S'touch {PWNED}'\ntR.",
    f"!!python/object/apply:os.system ['touch {PWNED}']",
    f"$(touch {PWNED}) `touch {PWNED}` ; touch {PWNED} | touch {PWNED}",
    f"{{{{__import__('os').system('touch {PWNED}')}}}} % __import__('os').system('touch {PWNED}')",
    f"{{0.__class__.__init__.__globals__}} %(touch {PWNED})s ${{PATH}}",
)
"""Texts that something executes which unpickles, evaluates, loads YAML, asks a shell or fills in templates."""
APPLICATION = f"""
from curio_tracking import feature_tracker, track, tracking_context

with tracking_context(user_id={USER!r}, session_id="s-1"):
    for poison in {POISONS!r}:
        try:
            with track("import_csv", "file_operation") as run:
                run.add_metadata(note=poison, **{{poison: poison}})
                raise ValueError(poison)
        except ValueError:
            pass
        with track(poison, poison):
            pass
assert feature_tracker.flush(180)
"""


@dataclass
class Story:
    """What happened.

    Attributes:
        folder: of the whole story. home: of the user. work: the working directory. temporary: what TMPDIR names.
        codes: the exit code of each command. events: (event, arguments) of the audit hook, in all processes.
        made: what is there now and was not before.
    """

    folder: Path
    home: Path
    work: Path
    temporary: Path
    codes: dict[str, int]
    events: list[tuple[str, list[str]]]
    made: list[Path]


def tell(folder: Path) -> Story:
    """Run an application, then every command of the program."""
    teller = _Teller(folder)
    before = set(folder.rglob("*"))
    application = folder / "application.py"
    application.write_text(APPLICATION, "utf-8")
    teller.run([str(application)])
    _spoil(teller.data_dir)
    records = folder / "records.jsonl"
    for name, arguments in command_lines(_arguments(records)).items():
        if name == "import":
            _write_records(records)
        if name == "dashboard":
            teller.visit_pages()
        else:
            teller.run(["-m", "curio_tracking", *arguments], name)
    teller.run([str(application)], FEATURE_TRACKING_BACKEND="csv")
    events = [eval(line) for line in teller.log.read_text("utf-8").splitlines()]
    made = sorted(set(folder.rglob("*")) - before - {records, application})
    return Story(folder, teller.home, teller.work, teller.temporary, teller.codes, events, made)


class _Teller:
    def __init__(self, folder: Path) -> None:
        self.home, self.work, self.temporary, hook = (folder / name for name in ("home", "work", "temporary", "hook"))
        for made in (self.home, self.work, self.temporary, hook):
            made.mkdir(mode=0o755)
        self.temporary.chmod(0o1777)
        self.data_dir = self.home / ".local" / "share" / "curio-tracking"
        self.log = hook / "log"
        self.log.touch(mode=0o600)
        (hook / "sitecustomize.py").write_text(HOOK)
        self.codes: dict[str, int] = {}
        self._environment = {
            "PATH": os.defpath,
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(hook),
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "WATCH_LOG": str(self.log),
        }

    def start(self, arguments: list[str], **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=self._environment | variables,
            cwd=self.work,
            umask=0,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, arguments: list[str], name: str = "application", **variables: str) -> None:
        process = self.start(arguments, **variables)
        output, _ = process.communicate(timeout=600)
        self.codes[name] = process.returncode
        assert process.returncode in (0, 1), f"{name}: {output}"
        assert "Traceback" not in output, f"{name}: {output}"

    def visit_pages(self) -> None:
        process = self.start(["-u", "-m", "curio_tracking", "dashboard", "--port", "0"])
        try:
            assert process.stdout
            url = process.stdout.readline().split()[2]
            for page in ("", "pages/features", "pages/performance", "pages/calls", "api/records", "api/features"):
                urllib.request.urlopen(url + page, timeout=180).close()
        finally:
            process.terminate()
            process.communicate(timeout=180)
        self.codes["dashboard"] = 0


def _arguments(records: Path) -> dict[str, list[str]]:
    place = records.parent
    return {
        "doctor": ["--repair"],
        "export": ["--output", str(place / "exported.csv")],
        # nobody: the other commands shall have something to do
        "forget": ["nobody", "--yes", "--receipt", str(place / "receipt.json")],
        "import": [str(records)],
        "migrate": ["--from", "tinyflux", "--to", "csv", "--to-dir", str(place / "moved" / "deep" / "data")],
        "plugins check": ["exclude"],
        # pip is another program, with habits of its own
        "plugins install": ["--help"],
        "plugins new": ["filter", "curio-example", "--into", str(place / "projects" / "mine")],
        "plugins uninstall": ["--help"],
    }


def _spoil(data_dir: Path) -> None:
    """Put an old day into the store, which will be compressed, and lines and files that are no records."""
    store = TinyFluxBackend(data_dir)
    store.append([make_record(number, start_us=make_record().start_us - 3 * DAY_US) for number in range(50)])
    store.close()
    for day in (data_dir / "raw").iterdir():
        for segment in day.glob("*.csv"):
            with segment.open("ab") as stream:
                stream.write(POISONS[1].encode() + b"\n\x80\x04\x95" + POISONS[0].encode() + b"\n")
    for place in (data_dir, data_dir / "raw", data_dir / "keys"):
        for name in ("state.pkl", "9.key", "settings.yaml"):
            (place / name).write_bytes(POISONS[1].encode())
            (place / name).chmod(0o600)


def _write_records(path: Path) -> None:
    good: list[Any] = [make_record(number, feature_name=poison).as_dict() for number, poison in enumerate(POISONS)]
    path.write_text("\n".join([*map(json.dumps, good), *POISONS[:1], "no record"]) + "\n", "utf-8")
    path.chmod(0o600)
