"""Runs the blocks of one page in order, as a reader would: `python page_runner.py PAGE`, in an empty folder.

- `python`: executed; the blocks of a page share one namespace.
- `console`: each line after `$ ` is run in a terminal; what is shown below it must come, numbers and paths aside.
- `sh`: run as one script.
- `toml`: must be usable settings, if it is a settings file.

Remarks before a block: `<!-- file: NAME -->` writes it to a file instead; `<!-- not run: REASON -->` leaves it alone;
`<!-- exit code: N -->` expects another end; `<!-- serves -->` starts a server, asks it once and ends it with Ctrl-C;
`<!-- run instead: COMMAND -->` runs another command that must print the same.
Exits with 1 and one message at the first block that does not hold.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import tomllib
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from page import Block, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = 100
INTERRUPTED = 130
SECONDS = 300
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?: (?:ns|µs|ms|s|min|h)\b)?")
ANYTHING = "..."


class BrokenBlockError(Exception):
    """A block does not do what the page says."""


def run_page(page: Page) -> None:
    """Run every block; raises `BrokenBlockError` at the first that fails."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in page.blocks:
        if "not run" not in block.remarks:
            try:
                run_block(page, block, namespace)
            except BrokenBlockError as error:
                raise BrokenBlockError(f"{page.name}:{block.line}: {error}") from None


def run_block(page: Page, block: Block, namespace: dict[str, Any]) -> None:
    """Do with a block what its language and remarks ask for."""
    if "file" in block.remarks:
        write_file(Path(block.remarks["file"]), block)
    elif block.language == "python":
        run_python(page, block, namespace)
    elif block.language == "console":
        run_console(block)
    elif block.language == "sh":
        check_end(block, "the script", *in_terminal(f"set -e\n{block.text}"))
    elif block.language == "toml":
        load_toml(block)
    elif block.language == "json":
        json.loads(block.text)
    elif block.language not in ("text", "csv"):
        raise BrokenBlockError(f'"{block.language}" blocks are unknown; use python, console, sh, toml, json, csv, text')


def write_file(path: Path, block: Block) -> None:
    """Write the block to a file, after a look at whether it can be what its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, "utf-8")
    if block.language == "python":
        compile(block.text, str(path), "exec")
    elif block.language == "toml":
        load_toml(block)


def run_python(page: Page, block: Block, namespace: dict[str, Any]) -> None:
    """Execute the block, then let its records reach the store, as a moment's wait would."""
    source = "\n" * (block.line - 1) + block.text
    try:
        exec(compile(source, page.name, "exec"), namespace)
    except BaseException:
        raise BrokenBlockError(traceback.format_exc()) from None
    tracker = sys.modules.get("curio_tracking.tracker")
    if tracker is not None:
        tracker.feature_tracker.flush(SECONDS)


def load_toml(block: Block) -> None:
    """Load settings strictly, as the command line does; other TOML must at least be TOML."""
    try:
        data = tomllib.loads(block.text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenBlockError(f"no TOML: {error}") from None
    is_settings = "project" not in data
    if is_settings:
        name = "pyproject.toml" if "tool" in data else "curio-tracking.toml"
        folder = Path("settings-example")
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(block.text, "utf-8")
        code = (
            "from curio_tracking.settings import load_settings as load; s = load(strict=True)\n"
            "assert any('file ' in source for source in s.sources.values()), 'no setting was read'\n"
        )
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FEATURE_TRACKING_")}
        done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=clean, capture_output=True, text=True)
        (folder / name).unlink()
        if done.returncode:
            raise BrokenBlockError(f"these settings cannot be used: {done.stderr}")


# -- commands -------------------------------------------------------------------------------------------------------


def run_console(block: Block) -> None:
    """Run the commands of the block and compare what they print."""
    for shown, expected in commands(block.text):
        command = block.remarks.get("run instead", shown)
        if "serves" in block.remarks:
            serve(command, expected)
            continue
        if command.startswith("export "):
            export(command)
            continue
        code, output = in_terminal(command)
        check_end(block, command, code, output)
        if expected and not is_alike(expected, output.splitlines()):
            raise BrokenBlockError(f"$ {command}\nthe page shows\n{chr(10).join(expected)}\nbut this comes\n{output}")


def export(command: str) -> None:
    """Set a variable for the commands that follow, as the reader's shell does."""
    done = subprocess.run(["/bin/sh", "-c", f"{command}; env -0"], capture_output=True, text=True, check=True)
    os.environ.update(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a console block and the lines that the page shows as its output."""
    command, shown = "", []
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        elif command.endswith("\\"):
            command += f"\n{line}"
        else:
            shown.append(line)
    if command:
        yield command, shown


def check_end(block: Block, command: str, code: int, output: str) -> None:
    """Compare the exit code."""
    wanted = int(block.remarks.get("exit code", "0"))
    if code != wanted:
        raise BrokenBlockError(f"$ {command}\nended with exit code {code}, not {wanted}:\n{output}")


def in_terminal(command: str) -> tuple[int, str]:
    """Run a command line with a terminal as its output and return its exit code and what it printed."""
    process, terminal = start(command)
    chunks = []
    while chunk := read(terminal):
        chunks.append(chunk)
    os.close(terminal)
    return process.wait(SECONDS), without_progress(b"".join(chunks).decode().replace("\r\n", "\n"))


def without_progress(text: str) -> str:
    """Return what stays on the screen: a progress bar ends by moving up and erasing its line."""
    return re.sub(r"[^\n]*\n(?:\x1b\[\?25h)?\r?\x1b\[1A\r?\x1b\[2K", "", text)


def start(command: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start a command line on a new terminal of known width; return the process and our end of the terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    process = subprocess.Popen(
        ["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    return process, ours


def read(terminal: int) -> bytes:
    """Return the next piece of output; empty at its end."""
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says EIO when the last program has closed the terminal
        return b""


def serve(command: str, expected: list[str]) -> None:
    """Start a server, ask the address that it prints, and interrupt it."""
    process, terminal = start(command)
    output = ""
    try:
        while not (found := re.search(r"(http://\S+)", output)) or "\n" not in output[found.end() :]:
            chunk = read(terminal).decode()
            if not chunk:
                raise BrokenBlockError(f"$ {command}\nended before it served anything:\n{output}")
            output += chunk
        with urlopen(found[1], timeout=SECONDS) as answer:
            answer.read()
    except OSError as error:  # every status of failure is one, too
        raise BrokenBlockError(f"$ {command}\nserves nothing at {found and found[1]}: {error}") from None
    finally:
        os.killpg(process.pid, signal.SIGINT)
        code = process.wait(SECONDS)
        os.close(terminal)
    if code not in (INTERRUPTED, -signal.SIGINT):
        raise BrokenBlockError(f"$ {command}\nended with exit code {code} when interrupted")
    if expected and not is_alike(expected, output.splitlines()):
        raise BrokenBlockError(f"$ {command}\nthe page shows\n{chr(10).join(expected)}\nbut this comes\n{output}")


# -- comparing ------------------------------------------------------------------------------------------------------


def is_alike(expected: list[str], actual: list[str]) -> bool:
    """Whether the output is what the page shows, but for numbers, ids, paths and blanks; `...` is any lines."""
    wanted = [plain(line) for line in expected]
    given = [plain(line) for line in actual]
    while given and not given[-1]:
        given.pop()
    while wanted and not wanted[-1]:
        wanted.pop()
    return matches(wanted, given)


def matches(wanted: list[str], given: list[str]) -> bool:
    """Compare line by line; see `is_alike`."""
    if not wanted:
        return not given
    if wanted[0] == ANYTHING:
        return any(matches(wanted[1:], given[skip:]) for skip in range(len(given) + 1))
    return bool(given) and wanted[0] == given[0] and matches(wanted[1:], given[1:])


def plain(line: str) -> str:
    """Return the line without what differs from run to run and from machine to machine."""
    line = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)
    line = re.sub(r"\b(?:\d+:)?[0-9a-f]{16,}\b", "ID", line)
    line = re.sub(r"(?<![\w:/])(?:~|\.{1,2})?/[\w./~+-]+", "PATH", line)
    line = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?Z?", "TIME", line)
    line = NUMBER.sub("N", line)
    line = re.sub(r"─+", "─", line)
    return " ".join(line.split())


if __name__ == "__main__":
    os.environ["COLUMNS"] = str(COLUMNS)
    sys.path.insert(0, str(Path.cwd()))
    where = Path(sys.argv[1])
    try:
        run_page(Page(where, sys.argv[2]))
    except BrokenBlockError as broken:
        print(broken)
        sys.exit(1)
