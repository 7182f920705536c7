"""What makes a function worth tracking, and under which category."""

from __future__ import annotations

from textwrap import dedent

import pytest

CASES = {
    "imported module": ("import sqlite3\ndef f(p): return sqlite3.connect(p).execute(q)", "database_operation"),
    "imported name": ("from sqlite3 import connect as c\ndef f(p): return c(p)", "database_operation"),
    "module in a package": ("import sqlalchemy.orm as orm\ndef f(e): return orm.Session(e)", "database_operation"),
    "local import": ("def f(p):\n    import psycopg\n    return psycopg.connect(p)", "database_operation"),
    "annotation": ("import sqlite3\ndef f(c: sqlite3.Connection): return c.execute(q)", "database_operation"),
    "quoted annotation": ("from redis import Redis\ndef f(c: 'Redis | None'): return c.get(k)", "database_operation"),
    "optional annotation": (
        "import typing, redis\ndef f(c: typing.Optional[redis.Redis]): return c.get(k)",
        "database_operation",
    ),
    "module variable": (
        "import openai\nclient = openai.OpenAI()\ndef f(p): return client.chat.create(p)",
        "ai_provider",
    ),
    "assigned in the function": (
        "import redis\ndef f():\n    r = redis.Redis()\n    return r.get(k)",
        "database_operation",
    ),
    "with statement": ("import redis\ndef f():\n    with redis.Redis() as r: r.get(k)", "database_operation"),
    "SQL on an unknown object": ("def f(cursor): return cursor.execute('SELECT 1')", "database_operation"),
    "open": ("def f(p): return open(p).read()", "file_operation"),
    "path method": ("from pathlib import Path\ndef f(p): return (Path(p) / 'x').unlink()", "file_operation"),
    "telling method": ("def f(path): return path.read_text()", "file_operation"),
    "csv": ("import csv\ndef f(rows): return list(csv.reader(rows))", "file_operation"),
    "json to a file": ("import json\ndef f(x, file): return json.dump(x, file)", "file_operation"),
    "flask route": (
        "from flask import Flask\napp = Flask('a')\n@app.route('/x')\ndef f(): return g()",
        "web_interface",
    ),
    "fastapi route": ("from .main import app\n@app.get('/items/{i}')\nasync def f(i): return g(i)", "web_interface"),
    "bottle route": ("import bottle\n@bottle.route('/x')\ndef f(): return g()", "web_interface"),
    "template": ("from flask import render_template\ndef f(): return render_template('x')", "web_interface"),
    "click command": ("import click\n@click.command()\ndef f(): return g()", "terminal_tool"),
    "typer command": ("import typer\napp = typer.Typer()\n@app.command()\ndef f(): return g()", "terminal_tool"),
    "argparse": ("import argparse\ndef f(): return argparse.ArgumentParser().parse_args()", "terminal_tool"),
    "anthropic": ("import anthropic\ndef f(): return anthropic.Anthropic().messages.create()", "ai_provider"),
    "transformers": ("from transformers import pipeline\ndef f(): return pipeline('x')", "ai_provider"),
    "address of a model": ("def f(p): return post('https://openrouter.ai/api/v1', p)", "ai_provider"),
    "address in a constant": ("URL = 'https://api.openai.com/v1'\ndef f(p): return post(URL, p)", "ai_provider"),
    "MCP tool": (
        "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('x')\n@mcp.tool()\ndef f(): return g()",
        "mcp_server",
    ),
    "crew by name": ("def execute_crew(t): return run(t)", "mcp_server"),
    "psutil": ("import psutil\ndef f(): return psutil.cpu_percent()", "sysmon"),
    "load": ("from os import getloadavg\ndef f(): return getloadavg()[0]", "sysmon"),
    "snapshot by name": ("def create_configuration_snapshot(): return run()", "sysmon"),
    "configparser": ("import configparser\ndef f(p): return configparser.ConfigParser().read(p)", "config_editor"),
    "toml": ("import tomllib\ndef f(t): return tomllib.loads(t)", "config_editor"),
    "config by name, though in a file": (
        "import json\ndef save_config(c):\n    json.dump(c, open('x'))",
        "config_editor",
    ),
    "langchain": (
        "from langchain.agents import AgentExecutor\ndef f(a): return AgentExecutor(a).run()",
        "agent_platform",
    ),
    "agents by name": ("def coordinate_crew_agents(c): return run(c)", "agent_platform"),
    "a program around files": (
        "import argparse\ndef f():\n    a = argparse.ArgumentParser()\n    open(a.x)\n    return a",
        "terminal_tool",
    ),
}


@pytest.mark.parametrize(("source", "category"), CASES.values(), ids=CASES)
def test_function_is_found_under_its_category(found, source: str, category: str) -> None:
    (candidate,) = found(source)
    assert candidate.category == category


METHODS = {
    "attribute of the object": (
        (
            "import sqlite3\nclass Store:\n    def __init__(self, p): self.db = sqlite3.connect(p)\n"
            "    def all(self): return self.db.execute(q)"
        ),
        "database_operation",
    ),
    "annotated attribute": (
        "import redis\nclass Store:\n    client: redis.Redis\n    def all(self): return self.client.get(k)",
        "database_operation",
    ),
    "attribute from a parameter": (
        (
            "import redis\nclass Store:\n    def __init__(self, c: redis.Redis): self.c = c\n"
            "    def all(self): return self.c.get(k)"
        ),
        "database_operation",
    ),
    "request handler": (
        (
            "from http.server import BaseHTTPRequestHandler\nclass H(BaseHTTPRequestHandler):\n"
            "    def do_GET(self): self.answer(1)"
        ),
        "web_interface",
    ),
    "verb in a telling class": ("class AgentPool:\n    def run(self, task): return self.go(task)", "agent_platform"),
    "open in a class with a method open": (
        "class Archive:\n    def open(self): return self.x[0]\n    def all(self): return open(self.path)",
        "file_operation",
    ),
}


@pytest.mark.parametrize(("source", "category"), METHODS.values(), ids=METHODS)
def test_method_is_found_under_its_category(found, source: str, category: str) -> None:
    assert [candidate.category for candidate in found(source)][-1:] == [category]


NOTHING = {
    "plain arithmetic": "def f(a, b): return a + b * 2",
    "open is a parameter": "def f(open, p): return open(p)",
    "open is defined here": "def open(p): return p + p\ndef f(p): return open(p) + 1",
    "module of the project with a famous name": "from .sqlite3 import connect\ndef f(p): return connect(p)",
    "asks for the system only": "import platform\ndef f(): return platform.system() + 'x'",
    "echo in a helper": "import click\ndef f(t): click.echo(t.upper())",
    "closing is no feature": (
        "class A:\n    def __init__(self): self.f = open('x')\n    def close(self): self.f.close()"
    ),
    "a path is no configuration": "def config_path(base): return base + '/x'",
    "user agent is no agent": "def update_user_agent(x): return x + 'y'",
    "a getter by route name": "def get(key, cache): return cache.look(key)",
    "application factory": "from flask import Flask\ndef create_app(): return Flask('x')",
    "container method of a telling class": "class ConfigDict:\n    def update(self, x): self.go(x)",
    "executes no SQL": "def f(pool, job): return pool.execute(job)",
    "route decorator without a path": "import x\n@x.get('name')\ndef f(): return g()",
    "command of something else": "@bot.command()\ndef f(): return g()",
}


@pytest.mark.parametrize("source", NOTHING.values(), ids=NOTHING)
def test_function_that_nothing_speaks_for_is_not_found(found, source: str) -> None:
    assert found(source) == []


def test_reason_names_the_first_of_the_weightiest_calls(found) -> None:
    source = """
        import sqlite3
        from sqlite3 import connect
        def f(path):
            text = open(path)
            db = connect(path)
            return db.execute(text)
    """
    assert found(dedent(source))[0].reason == "calls connect (sqlite3)"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import sqlite3\ndef f(p): return sqlite3.connect(p)", "calls sqlite3.connect"),
        ("def f(p): return open(p).read()", "calls open"),
        ("import click\n@click.command()\ndef f(): return g()", "is a command: @click.command"),
        ("@app.get('/x')\ndef f(): return g()", "is a page or route: @app.get"),
        ("def f(): return post('https://openrouter.ai/x')", "talks to openrouter.ai"),
        ("def save_config(): return g()", '"config" in "save_config"'),
        ("class AgentPool:\n    def run(self): return g()", '"agent" in class "AgentPool"'),
    ],
)
def test_reason_is_told_in_words(found, source: str, reason: str) -> None:
    assert found(source)[0].reason == reason


def test_what_a_function_does_is_shown_before_what_it_is_called(found) -> None:
    assert found("def read_file(p): return open(p).read()")[0].reason == "calls open"


def test_all_public_functions_are_included_when_asked_for(found) -> None:
    (candidate,) = found("def f(a): return a + 1", include_all=True)
    assert (candidate.category, candidate.strength) == ("other", 0)


def test_module_name_chooses_the_category_of_functions_included_all_the_same(found) -> None:
    (candidate,) = found("def f(a): return a + 1", module="tools.sysmon", include_all=True)
    assert candidate.category == "sysmon"
