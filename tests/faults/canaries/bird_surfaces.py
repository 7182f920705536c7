"""What shows a store to people and programs: every command of the CLI, every page and every answer of the dashboard.

They are found where they are made: a new command, page or address is tried as soon as there is one.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

import typer
from bird_world import HERE, World
from bottle import Bottle

from curio_tracking.cli.app import build_app
from curio_tracking.cli.options import FORMATS
from curio_tracking.cli.session import Invocation
from curio_tracking.dashboard.api import add_api
from curio_tracking.hookspecs import ALL_GROUPS
from curio_tracking.plugins import PluginHost

FEATURE: Final = "added metadata"
NOBODY: Final = "nothing-of-this-name"
"""What there is not: commands that would change the installation, or reach for the network, are tried with it."""
LASTING: Final = ("dashboard",)
"""Runs until it is stopped; tried by `served`."""
ANSWERS: Final = {
    "NAME": FEATURE,
    "FEATURE": FEATURE,
    "FILE": "exported.jsonl",
    "USER": "somebody-else",
    "KIND": "filter",
    "BACKEND": "csv",
}
"""What to say where a command insists on an argument, by what its help calls it."""
LINES: Final = {
    "demo": [[]],
    "feature-stats": [[FEATURE, "--format", name] for name in FORMATS],
    "forget": [[NOBODY, more, "--format", name] for more in ("--dry-run", "--yes") for name in FORMATS],
    "migrate": [["--from", "tinyflux", "--to", "csv", "--to-dir", "migrated"]],
    "plugins install": [[f"./{NOBODY}"]],
    "plugins new": [["filter", "my-filter"]],
    "plugins uninstall": [[NOBODY, "--yes"]],
}
"""Commands for which that is not enough."""
_LINK: Final = re.compile(rb"""(?:href|src)=["']([^"']+)["']""")
_MOST_PAGES: Final = 400
_SECONDS: Final = 120


def command_lines() -> list[list[str]]:
    """Return at least one command line for every command there is."""
    host = PluginHost(ALL_GROUPS)
    host.load()
    lines = []
    for words, command in sorted(_commands(typer.main.get_command(build_app()), (), None)):
        name = " ".join(words)
        if name in LASTING:
            continue
        formats = list(host.file_writers) if name == "export" else FORMATS
        lines += [[*words, *more] for more in LINES.get(name) or _generic(command, formats)]
    return lines


def _commands(command: Any, words: tuple[str, ...], parent: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield (words, command) for every command below this one that is no group."""
    context = command.context_class(command, info_name=words[-1] if words else "curio-tracking", parent=parent)
    if parent is None:
        context.obj = Invocation()
    if not hasattr(command, "list_commands"):
        yield words, command
        return
    for name in command.list_commands(context):
        yield from _commands(command.get_command(context, name), (*words, name), context)


def _generic(command: Any, formats: Any) -> list[list[str]]:
    """Return the arguments to try a command with: what it insists on, and each format if it has some."""
    needed: list[str] = []
    for parameter in command.params:
        if parameter.required:
            word = parameter.metavar or parameter.name.upper()
            assert word in ANSWERS, f"say in {__file__} what to answer where a command asks for {word}"
            needed += [ANSWERS[word]] if parameter.param_type_name == "argument" else [parameter.opts[0], ANSWERS[word]]
    if any("--format" in parameter.opts for parameter in command.params) and "FILE" not in needed:
        return [[*needed, "--format", name] for name in formats if "exported.jsonl" not in needed] or [needed]
    return [needed]


def run_all(world: World, lines: list[list[str]]) -> Iterator[tuple[str, int, bytes]]:
    """Yield (command line, exit code, what it printed) for each; one process runs them all: starting it takes long."""
    printed = world.root / "printed"
    printed.mkdir()
    done = subprocess.run(
        [sys.executable, str(HERE / "bird_commands.py"), str(printed)],
        cwd=world.root / "work", env=world.environment, input=json.dumps(lines).encode(), capture_output=True,
        timeout=_SECONDS * len(lines), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    for number, (line, code) in enumerate(zip(lines, json.loads(done.stdout), strict=True)):
        yield " ".join(line), code, (printed / f"{number}.txt").read_bytes()


@contextmanager
def served(world: World) -> Iterator[str]:
    """Serve the dashboard, and give its address; what it prints is in the world."""
    with (world.root / "dashboard.txt").open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "curio_tracking", "dashboard"],
            cwd=world.root / "work", env=world.environment, stdin=subprocess.DEVNULL, stdout=told,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            announced = process.stderr.readline()
            yield announced.decode().split(" on ")[1].split()[0]
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=_SECONDS)[1]
            told.write(announced + rest)


def answers(address: str) -> Iterator[tuple[str, bytes]]:
    """Yield (path, head and body) of every answer: the addresses that are known, and all that pages link to."""
    waiting = [address, *(urljoin(address, path) for path in _known_paths())]
    seen = set(waiting)
    while waiting and len(seen) < _MOST_PAGES:
        url = waiting.pop()
        data = _fetch(url)
        yield url, data
        for link in _LINK.findall(data):
            target = urljoin(url, link.decode().replace("&amp;", "&"))
            if urlsplit(target).netloc == urlsplit(address).netloc and target not in seen:
                seen.add(target)
                waiting.append(target)


def _known_paths() -> list[str]:
    app = Bottle()
    add_api(app, None)  # type: ignore[arg-type]  # only the addresses are asked for
    host = PluginHost(ALL_GROUPS)
    host.load()
    pages = [page.path or f"/pages/{page.slug}" for page in host.pages()]
    api = [re.sub(r"<[^>]*>", quote(FEATURE), route.rule) for route in app.routes]
    return [*pages, *api, *(f"{path}?feature_name={quote(FEATURE)}" for path in (*pages, *api)), "/no/such/page"]


def _fetch(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            return bytes(answer.headers) + answer.read()
    except urllib.error.HTTPError as error:
        return bytes(error.headers) + error.read()
