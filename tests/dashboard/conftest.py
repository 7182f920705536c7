"""What the tests of the dashboard share: a store with real records, and a WSGI client for the real application."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from curio_tracking import FeatureCategory, FeatureStatus
from curio_tracking.dashboard import pages
from curio_tracking.dashboard.app import make_app
from curio_tracking.plugins import PluginHost
from curio_tracking.reader import Reader
from curio_tracking.records import FeatureInfo, FeatureRecord, to_microseconds
from curio_tracking.storage.memory import MemoryBackend

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from wsgiref.types import WSGIApplication

NOON_US = to_microseconds(datetime(2026, 11, 1, 12, tzinfo=UTC))


class Document(HTMLParser):
    """What a page consists of: its tags with their attributes, its text, its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.tags if tag == "a"]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@dataclass
class Answer:
    """What the application answered."""

    status: int
    headers: dict[str, str]
    body: bytes
    header_list: list[tuple[str, str]] = field(default_factory=list)

    @property
    def html(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def page(self) -> Document:
        return Document(self.html)


class Client:
    """Asks a WSGI application, through the standard library's check that both keep to the protocol."""

    def __init__(self, app: WSGIApplication, host: str = "127.0.0.1:8081") -> None:
        self.unchecked = app
        self.app = validator(app)
        self.host = host

    def ask(self, target: str, method: str = "GET", *, host: str | None = None, **headers: str) -> Answer:
        """Request `target` (path and query); `headers` as `authorization="Bearer ..."`."""
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {"REQUEST_METHOD": method, "QUERY_STRING": query}
        setup_testing_defaults(environ)
        environ["PATH_INFO"] = _unquoted(path)
        environ["HTTP_HOST"] = self.host if host is None else host
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, given: list[tuple[str, str]], exc_info: object = None) -> Callable[..., None]:
            started.append((status, given))
            return lambda data: None

        result = self.app(environ, start_response)
        body = b"".join(result)
        getattr(result, "close", bool)()
        status, given = started[-1]
        return Answer(int(status[:3]), {name.lower(): value for name, value in given}, body, given)


def _unquoted(path: str) -> str:
    return unquote_to_bytes(path).decode("latin-1")


def make_record(number: int = 0, **values: Any) -> FeatureRecord:
    """A successful execution, `number` seconds after noon of 2026-11-01."""
    defaults: dict[str, Any] = {
        "record_id": f"r{number:06}",
        "feature_name": "translate",
        "category": "ai_provider",
        "status": FeatureStatus.SUCCESS,
        "start_us": NOON_US + number * 1_000_000,
        "duration": 0.25,
    }
    return FeatureRecord(**(defaults | values))


@pytest.fixture
def record() -> Callable[..., FeatureRecord]:
    """`record(number, **values)` makes one."""
    return make_record


@pytest.fixture
def backend(data_dir: Path) -> MemoryBackend:
    """The store, empty."""
    return MemoryBackend(str(data_dir))


@pytest.fixture
def shop(backend: MemoryBackend) -> list[FeatureRecord]:
    """The store with nine calls of four features, and one feature that was never called."""
    records = [
        *(
            make_record(n, input_size=10, output_size=20, efficiency_score=1.0, user_id=f"k1:u{n % 2}", iterations=2)
            for n in range(4)
        ),
        make_record(4, status=FeatureStatus.FAILED, error_type="ValueError", error_message="no such language"),
        make_record(5, feature_name="snapshot", category="sysmon", duration=75.0, metadata={"plan": "pro"}),
        make_record(6, feature_name="snapshot", category="sysmon", status=FeatureStatus.TIMEOUT, duration=90.0),
        make_record(7, feature_name="import", category="file_operation", status=FeatureStatus.PARTIAL, duration=0.002),
        make_record(86_400, feature_name="late", category="other"),
    ]
    backend.append(records)
    backend.declare([FeatureInfo("legacy_export", "file_operation")])
    return records


@pytest.fixture
def reader(backend: MemoryBackend) -> Reader:
    """A reader of the store, as `runtime.open_reader` makes it."""
    return Reader(backend, [category.value for category in FeatureCategory], lambda user: frozenset({user}))


@pytest.fixture
def make_client(reader: Reader) -> Callable[..., Client]:
    """`make_client(*plugins, **options of make_app)` builds the application with the built-in pages and theirs."""

    def make(*plugins: object, host: str = "127.0.0.1", port: int = 8081, **options: Any) -> Client:
        plugin_host = PluginHost(())
        for number, plugin in enumerate((pages, *plugins)):
            plugin_host.register(plugin, f"plugin{number}")
        plugin_host.load()
        options = {"reader": reader} | options
        given = options.pop("reader")
        return Client(make_app(given, plugin_host.pages(), host=host, port=port, **options), f"{host}:{port}")

    return make


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    """The application with the built-in pages, on 127.0.0.1 without a token."""
    return make_client()
