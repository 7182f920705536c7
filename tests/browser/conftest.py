"""A real Chromium, and what it tells of a visit: scripts that ran, requests, complaints about the policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from dashboard_process import Dashboard
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    # a name that an attacker points at this machine
    "--host-resolver-rules=MAP rebound.example 127.0.0.1",
)
WITNESS = """
window.ran = [];
window.violations = [];
window.canary = () => window.ran.push("canary");
window.alert = () => window.ran.push("alert");
document.addEventListener("securitypolicyviolation", event => window.violations.push(
    event.violatedDirective + " " + event.blockedURI));
"""
"""What the hostile texts would call, and what notes that the policy was needed."""


@dataclass
class Visit:
    """What happened since the browser was opened.

    Attributes:
        page: the tab. requests: the address of each. answers: (address, status) of each. complaints: of the console.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    answers: list[tuple[str, int]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> Visit:
        """Begin to listen."""
        self.page.context.add_init_script(WITNESS)
        self.page.context.on("request", lambda request: self.requests.append(request.url))
        self.page.context.on("response", lambda answer: self.answers.append((answer.url, answer.status)))
        self.page.on("console", lambda message: self._note(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}") or dialog.dismiss())
        return self

    def _note(self, complaint: str) -> None:
        # of every status from 400 on, and of an icon that a page without one does not name; both are in `answers`
        if not complaint.startswith("Failed to load resource: the server responded with a status of"):
            self.complaints.append(complaint)

    def go(self, url: str) -> int:
        """Open an address, and return the status of the answer."""
        answer = self.page.goto(url, wait_until="load")
        assert answer is not None
        return answer.status

    def scripts_run(self) -> list[str]:
        """Return what scripts of the page have called."""
        return list(self.page.evaluate("window.ran"))

    def violations(self) -> list[str]:
        """Return what the policy had to keep away."""
        return list(self.page.evaluate("window.violations"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS), timeout=180_000)
        yield made
        made.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """A new tab, with neither cookies nor a history."""
    context: BrowserContext = browser.new_context()
    context.set_default_timeout(180_000)  # of a machine that is busy with other things
    yield Visit(context.new_page()).watch()
    context.close()


@pytest.fixture
def start_dashboard(tmp_path: Path) -> Iterator[Callable[..., Dashboard]]:
    """Return what starts a dashboard over the store in `tmp_path / "data"`."""
    started: list[Dashboard] = []

    def start(**variables: Any) -> Dashboard:
        started.append(Dashboard(tmp_path, **variables))
        return started[-1]

    yield start
    for dashboard in started:
        dashboard.end()
