"""Hosts under test: `host.py` in a process of its own, told what to do line by line; and disks that are full."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from waiting import wait_until

PROGRAM: Final = Path(__file__).with_name("host.py")
_FLUSH_SECONDS: Final = 180


class Host:
    """One running host."""

    def __init__(self, data_dir: Path, *, before: Sequence[str] = (), **settings: str) -> None:
        """Start it.

        Args:
            before: what to start it with. settings: without their prefix.
        """
        variables = {f"FEATURE_TRACKING_{name.upper()}": value for name, value in settings.items()}
        # hashes of texts are compared between two hosts
        environment = {**os.environ, "PYTHONHASHSEED": "0", **variables}
        self._process = subprocess.Popen(
            [*before, sys.executable, str(PROGRAM), str(data_dir)],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def tell(self, order: str, argument: float | str = "-") -> str:
        """Tell it what to do and return what it says."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{order} {argument}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise AssertionError(f"the host has ended: {self._process.communicate()[1]}")
        return answer.rstrip("\n")

    def flush(self, seconds: float = _FLUSH_SECONDS) -> bool:
        """Return whether all that was recorded is acknowledged."""
        return self.tell("flush", seconds) == "True"

    def wait_until_refused(self) -> None:
        """Wait until its backend has refused a batch; from then on no other one is written before that."""
        wait_until(lambda: "backend" in self.health()["errors"])

    def health(self) -> dict[str, Any]:
        """Return the counters."""
        health: dict[str, Any] = json.loads(self.tell("health"))
        return health

    def end(self, status: int) -> tuple[int, str]:
        """Let it exit; return its status and what else it printed."""
        output, _errors = self._process.communicate(f"end {status}\n")
        return self._process.returncode, output


class SmallDisk:
    """A file system of its own that is filled and emptied.

    Attributes:
        root: where it is.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._filler = root / "filler"

    def fill(self, *, spare_bytes: int = 0) -> None:
        """Take all room but so much."""
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        os.truncate(self._filler, self._filler.stat().st_size - spare_bytes)

    def empty(self) -> None:
        """Make room again."""
        self._filler.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(root: Path, size_bytes: int) -> Iterator[SmallDisk]:
    """Mount a file system of this size in memory."""
    root.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(root)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert mounted.returncode == 0, f"a disk that can be full has to be mounted, which takes root: {mounted.stderr}"
    try:
        yield SmallDisk(root)
    finally:
        subprocess.run(["umount", "-l", str(root)], check=True)
