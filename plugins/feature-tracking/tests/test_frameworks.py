"""Applications whose functions are registered, inspected or called by a framework do the same after the change."""

from __future__ import annotations

from pathlib import Path

import pytest

from feature_tracking.setup_integration import main

TYPER = '''
from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.callback()
def root(loud: Annotated[bool, typer.Option(help="Shout.")] = False) -> None:
    """Greets people."""
    print("loud" if loud else "quiet")


@app.command("greet")
def greet(
    name: Annotated[str, typer.Argument(help="Whom.")],
    times: Annotated[int, typer.Option(min=1)] = 1,
) -> None:
    """Say hello."""
    for _ in range(times):
        print("hello", name)
    if name == "nobody":
        raise typer.Exit(3)


LINES = (["greet", "you", "--times", "2"], ["--loud", "greet", "nobody"], ["greet"], ["--help"], ["greet", "--help"])
for line in LINES:
    try:
        app(line)
    except SystemExit as end:
        print("exit", end.code)
'''

BOTTLE = """
import io

import bottle

app = bottle.Bottle()


@app.get("/items/<number:int>")
@bottle.view("item {{number}} {{name}}")
def item(number, name="x"):
    return {"number": number, "name": name}


@app.route("/fail")
def fail():
    bottle.abort(418, "no coffee")


@app.error(418)
def teapot(error):
    return "teapot: " + error.body


@app.post("/both")
@app.put("/both")
def both():
    return bottle.request.method


for method, path in (("GET", "/items/5"), ("GET", "/fail"), ("POST", "/both"), ("PUT", "/both"), ("GET", "/items/x")):
    status = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "SERVER_NAME": "x", "SERVER_PORT": "80",
               "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http"}
    body = b"".join(app(environ, lambda line, headers, info=None: status.append(line)))
    print(status, body[:60])
print([(route.method, route.rule, route.callback.__name__) for route in app.routes])
"""

KINDS = '''
import asyncio
import inspect
import pickle
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from functools import singledispatch


class Store:
    """Keeps names."""

    def __init__(self):
        self.db = sqlite3.connect(":memory:")

    @classmethod
    def create(cls, *names: str) -> "Store":
        store = cls()
        store.db.execute("CREATE TABLE t (name)")
        store.db.executemany("INSERT INTO t VALUES (?)", [(name,) for name in names])
        return store

    @staticmethod
    def query(db):
        return [row[0] for row in db.execute("SELECT name FROM t")]

    def stream(self, limit: int = 9, /, *, upper=False):
        """Yield the names."""
        for (name,) in self.db.execute("SELECT name FROM t LIMIT ?", (limit,)):
            got = yield name.upper() if upper else name
            if got:
                yield got
        return "end"

    @property
    def names(self):
        return self.query(self.db)


class Child(Store):
    def stream(self, limit=1, /, **options):
        yield from super().stream(limit, **options)


async def load_database(names):
    await asyncio.sleep(0)
    return Store.create(*names)


async def stream_database(store):
    for name in store.stream():
        await asyncio.sleep(0)
        yield name


@singledispatch
def save_file(value, path="x"):
    return f"any {value}"


@save_file.register
def save_file_number(value: int, path="x"):
    return f"number {value}"


def read_file(path):
    if path == "missing":
        raise FileNotFoundError(path)
    return len(path)


async def collect():
    store = await load_database(["a", "b"])
    return [name async for name in stream_database(store)]


if __name__ == "__main__":
    store = Store.create("a", "b")
    stream = store.stream(upper=True)
    print(next(stream), stream.send("c"), list(stream), store.names, list(Child.create("z", "y").stream()))
    print(asyncio.run(collect()), save_file("s"), save_file(1))
    try:
        read_file("missing")
    except FileNotFoundError as error:
        print(repr(error))
    for function in (Store.create, Store.query, Store.stream, load_database, stream_database, read_file):
        kinds = [test.__name__ for test in (inspect.iscoroutinefunction, inspect.isgeneratorfunction,
                 inspect.isasyncgenfunction, inspect.isfunction, inspect.ismethod) if test(function)]
        print(function.__qualname__, function.__module__, function.__doc__, inspect.signature(function), kinds)
    print(pickle.loads(pickle.dumps(read_file)) is read_file)
    with ProcessPoolExecutor(1) as pool:
        print(list(pool.map(read_file, ["ab", "abc"])))
'''

PROGRAMS = {
    "typer": (TYPER, {"app.root": 4, "app.greet": 2}),
    "bottle": (BOTTLE, {"app.item": 1, "app.fail": 1, "app.both": 2}),
    "every kind of function": (
        KINDS,
        {
            "app.Store.create": 3,
            "app.Store.query": 1,
            "app.Store.stream": 3,
            "app.load_database": 1,
            "app.read_file": 3,
            "app.save_file": 1,
        },
    ),
}


@pytest.mark.parametrize(("program", "calls"), PROGRAMS.values(), ids=PROGRAMS)
def test_changed_application_does_the_same_and_its_calls_are_counted(
    program: str, calls: dict[str, int], tmp_path: Path, python, stored
) -> None:
    answers = []
    for kind in ("original", "changed"):
        folder = tmp_path / kind
        folder.mkdir()
        (folder / "app.py").write_text(program)
        if kind == "changed":
            assert main([str(folder), "--write"]) == 0
        finished = python(str(folder / "app.py"))
        answers.append((finished.returncode, finished.stdout, finished.stderr))
    assert answers[0][0] == 0
    assert answers[0] == answers[1]
    counted = [record.feature_name for record in stored()]
    assert {name: counted.count(name) for name in calls} == calls
