"""Rules: what points to which category: libraries that are called, decorators, base classes, addresses, words.

Tables only; `evidence` reads them. Origins are dotted (`names`); the longest one that covers a call decides, and None
means that it says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from curio_tracking.records import FeatureCategory

if TYPE_CHECKING:
    from collections.abc import Mapping

AI: Final = FeatureCategory.AI_PROVIDER
MCP: Final = FeatureCategory.MCP_SERVER
SYSMON: Final = FeatureCategory.SYSMON
CONFIG: Final = FeatureCategory.CONFIG_EDITOR
AGENTS: Final = FeatureCategory.AGENT_PLATFORM
WEB: Final = FeatureCategory.WEB_INTERFACE
TERMINAL: Final = FeatureCategory.TERMINAL_TOOL
FILES: Final = FeatureCategory.FILE_OPERATION
DATABASE: Final = FeatureCategory.DATABASE_OPERATION


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _by_origin(groups: Mapping[FeatureCategory | None, str]) -> dict[str, FeatureCategory | None]:
    return {origin: category for category, origins in groups.items() for origin in origins.split()}


CALLS: Final = _by_origin(
    {
        AI: """
            openai anthropic openrouter litellm ollama transformers cohere mistralai groq together replicate
            vertexai google.generativeai google.genai huggingface_hub sentence_transformers llama_cpp
        """,
        AGENTS: """
            langchain langchain_core langchain_community langgraph autogen autogen_agentchat crewai llama_index
            smolagents semantic_kernel pydantic_ai agno
        """,
        MCP: "mcp fastmcp",
        WEB: """
            flask bottle django.http django.shortcuts django.template fastapi starlette aiohttp.web tornado.web
            sanic rest_framework quart litestar http.server wsgiref jinja2.Environment.get_template
        """,
        TERMINAL: "argparse optparse getopt click typer cmd.Cmd fire docopt curses prompt_toolkit",
        DATABASE: """
            sqlite3 sqlalchemy sqlmodel psycopg psycopg2 asyncpg aiosqlite pymysql MySQLdb mysql oracledb pyodbc
            pymongo motor redis duckdb peewee tinydb tinyflux clickhouse_connect cassandra influxdb
            influxdb_client dbm shelve django.db
        """,
        SYSMON: """
            psutil platform pynvml GPUtil os.getloadavg os.statvfs os.uname resource.getrusage shutil.disk_usage
        """,
        CONFIG: """
            configparser tomllib tomli tomli_w toml tomlkit yaml ruamel.yaml dotenv dynaconf omegaconf
            pydantic_settings
        """,
        FILES: """
            builtins.open io.open io.FileIO codecs.open pathlib.Path.open pathlib.Path.read_text
            pathlib.Path.read_bytes pathlib.Path.write_text pathlib.Path.write_bytes pathlib.Path.unlink
            pathlib.Path.rename pathlib.Path.replace pathlib.Path.mkdir pathlib.Path.rmdir pathlib.Path.touch
            pathlib.Path.chmod pathlib.Path.symlink_to os.open os.remove os.unlink os.rename os.replace os.mkdir
            os.makedirs os.rmdir os.removedirs os.link os.symlink os.truncate os.chmod shutil zipfile tarfile
            gzip.open bz2.open lzma.open zlib.compress tempfile csv.reader csv.writer csv.DictReader
            csv.DictWriter json.load json.dump pickle.load pickle.dump marshal.load marshal.dump plistlib.load
            plistlib.dump numpy.load numpy.save numpy.savez numpy.loadtxt numpy.savetxt pandas.read_csv
            pandas.read_json pandas.read_excel pandas.read_parquet PIL.Image.open aiofiles openpyxl fileinput
        """,
        # what builds an application, names a type or only asks which system this is does none of these things
        None: """
            flask.Flask flask.Blueprint flask.g flask.current_app fastapi.FastAPI fastapi.APIRouter
            fastapi.Depends bottle.Bottle aiohttp.web.Application starlette.applications django.http.Http404
            fastapi.HTTPException click.echo click.secho click.style click.ClickException click.UsageError
            click.BadParameter typer.echo typer.secho typer.style typer.Exit typer.Typer
            argparse.ArgumentTypeError argparse.Namespace platform.system platform.machine
            platform.python_version platform.python_version_tuple platform.python_implementation shutil.which
            shutil.get_terminal_size sqlite3.register_adapter sqlite3.register_converter tempfile.gettempdir
            sqlalchemy.Column sqlalchemy.MetaData pydantic_settings.BaseSettings
            pydantic_settings.SettingsConfigDict
        """,
    }
)
"""Origin of what a function calls -> category."""

METHODS: Final[Mapping[str, FeatureCategory]] = {
    "read_bytes": FILES,
    "read_text": FILES,
    "write_bytes": FILES,
    "write_text": FILES,
    "to_csv": FILES,
    "to_parquet": FILES,
    "executemany": DATABASE,
    "executescript": DATABASE,
}
"""Methods whose name alone says what they do, on objects of which nothing is known."""

IDLE_METHODS: Final = frozenset({"close", "closed", "fileno", "isatty"})
"""Tidying up: no reason to track a function."""

SQL_METHODS: Final = frozenset({"execute", "fetch", "fetchall", "fetchrow", "fetchval", "query"})
SQL_WORDS: Final = frozenset(
    {"select", "insert", "update", "delete", "create", "drop", "alter", "with", "pragma", "replace"}
)

ROUTE_METHODS: Final = frozenset({"route", "get", "post", "put", "patch", "delete", "head", "options", "websocket"})
"""Decorators `X.get("/path")` of web frameworks."""
VIEW_DECORATORS: Final = ("django.views", "django.contrib.auth", "rest_framework.decorators", "flask", "bottle")
COMMAND_METHODS: Final = frozenset({"command", "group", "callback", "result_callback"})
COMMAND_LIBRARIES: Final = frozenset({"click", "typer", "asyncclick", "rich_click", "cyclopts"})
TOOL_METHODS: Final = frozenset(
    {"tool", "resource", "prompt", "list_tools", "call_tool", "list_resources", "read_resource"}
)
TOOL_LIBRARIES: Final = frozenset({"mcp", "fastmcp"})

HANDLER_BASES: Final = (
    "http.server",
    "socketserver",
    "tornado.web",
    "flask.views",
    "django.views",
    "rest_framework",
    "aiohttp.web.View",
    "starlette.endpoints",
)
HANDLER_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "handle"})
"""What a handler class answers with; also `do_GET` and its kin."""

ADDRESSES: Final[Mapping[str, FeatureCategory]] = {
    "openrouter.ai": AI,
    "api.openai.com": AI,
    "api.anthropic.com": AI,
    "api.mistral.ai": AI,
    "api.cohere": AI,
    "api.groq.com": AI,
    "generativelanguage.googleapis.com": AI,
    "api-inference.huggingface.co": AI,
    "localhost:11434": AI,
}
"""Parts of texts in a function (or in the constants it uses) that say whom it talks to."""

WORDS: Final[tuple[tuple[FeatureCategory, frozenset[str]], ...]] = (
    (AGENTS, frozenset({"agent", "agents", "swarm", "multiagent"})),
    (MCP, frozenset({"mcp", "crew", "crews"})),
    (AI, frozenset({"ai", "llm", "gpt", "openai", "openrouter", "anthropic", "claude", "ollama", "gemini", "chatgpt"})),
    (SYSMON, frozenset({"sysmon", "snapshot", "uptime", "cpu", "loadavg"})),
    (CONFIG, frozenset({"config", "configuration", "settings", "preferences"})),
    (DATABASE, frozenset({"db", "database", "sql"})),
    (WEB, frozenset({"endpoint", "webhook"})),
    (TERMINAL, frozenset({"cli"})),
    (FILES, frozenset({"file", "files", "csv", "archive"})),
)
"""Words in the name of a function (or module), the most telling category first."""

VERBS: Final = _words(
    """
    add analyse analyze append apply archive ask backup call chat clean collect connect coordinate copy
    create delete deploy download dump edit execute export extract fetch generate handle import insert
    install invoke launch load merge migrate monitor move open persist process prompt publish query read
    record refresh remove report reset restore run save scan search send serve spawn start stop store stream
    submit summarize sync take train translate truncate unpack update upload verify watch write
    """
)
"""A name speaks for itself only as an action: `save_config` does, `config_path` does not."""
COLLECTION_VERBS: Final = frozenset({"add", "append", "copy", "insert", "merge", "remove", "reset", "update"})
"""What any container does, so that the name of its class makes no feature of it."""
IGNORED_PAIRS: Final = frozenset({("user", "agent"), ("user", "agents")})
