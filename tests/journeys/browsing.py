"""Looking at the pages in a real Chromium."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route

CHROMIUMS = ("chromium-headless-shell", "chromium")
"""Debian's, the one without windows first: it is the same, and takes a third of the processor's time."""
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
HITS = "#hits a.hit"


@dataclass
class Watch:
    """What the browser complained about, and where it tried to go."""

    complaints: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        context.route("**/*", self._guard)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _guard(self, route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.fallback()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


def ids(page: Page) -> list[str]:
    return [(hit.get_attribute("href") or "").removeprefix("/") for hit in page.locator(HITS).all()]
