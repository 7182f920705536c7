"""A world of its own for a host: home, temporary directory, store, log; and the search of all of it for canaries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from bird_texts import TEXTS, pieces

from curio_tracking.leaks.canaries import CanarySearch
from curio_tracking.leaks.layers import inflated

HERE: Final = Path(__file__).parent
PROGRAM: Final = HERE / "bird_host.py"
PLUGIN: Final = HERE / "bird_plugin.py"
SOUGHT: Final = {text: kind for kind, text in TEXTS.items()} | pieces()
KINDS: Final = tuple(SOUGHT.values())
SEARCH: Final = CanarySearch(SOUGHT)
_SECONDS: Final = 120


@dataclass(frozen=True, order=True)
class Leak:
    """A canary where none may be: its kind, in which encoding, and what stands around it."""

    kind: str
    encoding: str
    where: str
    around: str


def leaks_in(data: bytes, where: str) -> Iterator[Leak]:
    """Yield what is found in the data, and in the compressed parts of it."""
    for label, layer in [(where, data), *((f"{where}, inflated", whole) for _, whole in inflated(BytesIO(data)))]:
        for hit in SEARCH.find(layer):
            around = layer[max(0, hit.offset - 120) : hit.offset + hit.length + 40]
            yield Leak(KINDS[hit.canary - 1], hit.encoding, label, around.decode("utf-8", "backslashreplace"))


class World:
    """Where a host lives; everything that it, and the commands, leave on the disk lies below `root`."""

    def __init__(self, root: Path, profile: str, data_dir: Path | None = None) -> None:
        """Args: root: not there yet. data_dir: where the store is, if not below it."""
        self.root = root
        self.data_dir = data_dir or root / "data"
        self.log = root / "debug.log"
        plugins = root.with_name(f"{root.name}-plugins")
        plugins.mkdir()
        shutil.copy(PLUGIN, plugins / "complaint.py")
        for name in ("home", "tmp", "work"):
            (root / name).mkdir(parents=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(root / "home"),
            "TMPDIR": str(root / "tmp"),
            "PYTHONPATH": str(HERE),
            "PYTHONDONTWRITEBYTECODE": "1",
            "FEATURE_TRACKING_ENVIRONMENT": profile,
            "FEATURE_TRACKING_DATA_DIR": str(self.data_dir),
            "FEATURE_TRACKING_DASHBOARD_PORT": "0",
        }
        self.for_hosts = {
            "BIRD_LOG": str(self.log),
            "FEATURE_TRACKING_EXCLUDE": TEXTS["excluded"],
            "FEATURE_TRACKING_PLUGINS_DIR": str(plugins),
            "FEATURE_TRACKING_EXIT_TIMEOUT": "10",
        }

    def start(self, end: str, *without: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start a host and hand it the canaries; what it prints lies below `root` as well."""
        variables = {f"FEATURE_TRACKING_{name.upper()}": value for name, value in settings.items()}
        with (self.root / f"stderr-{end}.txt").open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, str(PROGRAM), end, *without],
                cwd=self.root / "work", env=self.environment | self.for_hosts | variables,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(json.dumps(TEXTS).encode() + b"\n")
        process.stdin.flush()
        return process

    def live(self, *without: str, **settings: str) -> None:
        """Let a host say everything and end."""
        output, _ = self.start("exit", *without, **settings).communicate(timeout=_SECONDS)
        (self.root / "stdout.txt").write_bytes(output)
        assert output == b"ready\n", self.told()

    def told(self) -> str:
        """Return what hosts have written to stderr."""
        return "".join(path.read_text() for path in self.root.glob("stderr-*.txt"))

    def run(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        """Run a command of the program."""
        return subprocess.run(
            [sys.executable, "-m", "curio_tracking", *arguments],
            cwd=self.root / "work", env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=_SECONDS, check=False,
        )  # fmt: skip

    def leaks(self) -> list[Leak]:
        """Return every canary on the disk, in names and contents of files."""
        found: set[Leak] = set()
        for place in {self.root, self.data_dir.parent}:
            for path in place.rglob("*"):
                found |= set(leaks_in(str(path).encode(), "a file's name"))
                if path.is_file():
                    found |= set(leaks_in(path.read_bytes(), str(path)))
        return sorted(found)
