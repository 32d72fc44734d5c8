"""The key in a real Chromium: asked for, remembered, forgotten; and other sites' pages that try to write."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.browsing import Watch
from tests.journeys.running import Product, read_line
from tests.journeys.test_accessible import violations

pytestmark = pytest.mark.browser

SECRET = "0123456789abcdef-secret"


@pytest.fixture
def locked(filled_home: Path) -> Iterator[str]:
    """A service with a key."""
    settings = {"HUBDEX_API_KEY": SECRET}
    with Product(filled_home, "https://huggingface.co", settings).running("api") as process:
        yield read_line(process, "Hubdex on ").split()[-1]


@contextmanager
def another_site(page: str) -> Iterator[str]:
    """A page of somebody else, on a port of its own."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = page.encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


def cookies(page: Page) -> list[str]:
    return [cookie.get("name", "") for cookie in page.context.cookies()]


@pytest.mark.parametrize("scripted", [True, False])
def test_a_browser_is_given_the_key_once(browser: Browser, locked: str, *, scripted: bool) -> None:
    watch = Watch()
    with browser.new_context(java_script_enabled=scripted) as context:
        watch.listen(context)
        page = context.new_page()
        page.goto(f"{locked}/-/key?next=/TheBloke")
        expect(page.get_by_label("Key")).to_be_focused()
        expect(page.get_by_label("Key")).to_have_attribute("type", "password")

        page.get_by_label("Key").fill("not the key")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("That is not the key of this service.")
        expect(page.get_by_label("Key")).to_have_value("")
        page.get_by_label("Key").fill(SECRET)
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{locked}/TheBloke")
        assert cookies(page) == ["hubdex_session"]

        page.goto(f"{locked}/-/key?next=/TheBloke")
        expect(page).to_have_url(f"{locked}/TheBloke")
        page.goto(f"{locked}/-/key")
        page.get_by_role("button", name="Forget the key").click()
        expect(page).to_have_url(f"{locked}/")
        assert cookies(page) == []
    assert watch.outside == []
    assert [text for text in watch.complaints if "401" not in text] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_readable_for_everybody(
    browser: Browser, locked: str, service: str, scheme: Literal["light", "dark"]
) -> None:
    with browser.new_context(color_scheme=scheme, viewport={"width": 320, "height": 640}) as context:
        page = context.new_page()
        page.goto(f"{locked}/-/key")
        assert violations(page) == []
        page.get_by_label("Key").fill("not the key")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.goto(f"{service}/-/key")
        assert violations(page) == []


FORM = """<form id="f" method="post" action="{service}/-/key/forget"><input name="next" value="/"></form>
<script>document.getElementById("f").submit()</script>"""
SANDBOXED = """<iframe sandbox="allow-scripts allow-forms allow-top-navigation" srcdoc='
<form id="f" target="_top" method="post" action="{service}/-/key/forget"></form>
<script>document.getElementById("f").submit()</script>'></iframe>"""


@pytest.mark.parametrize("content", [FORM, SANDBOXED], ids=["a form", "a form without an origin"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_form_of_another_site_is_refused(browser: Browser, locked: str, content: str, host: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{locked}/-/key?next=/")
        page.get_by_label("Key").fill(SECRET)
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{locked}/")

        with another_site(content.replace("{service}", locked)) as site:
            page.goto(site.replace("127.0.0.1", host))
            page.wait_for_url(f"{locked}/**")

        expect(page.locator("body")).to_contain_text("foreign_origin")
        assert cookies(page) == ["hubdex_session"]


SCRIPT = """<script>
const send = (type) => fetch("{service}/v1/nothing", {
  method: "POST", body: "{}", credentials: "include", mode: type ? "cors" : "no-cors",
  headers: type ? {"content-type": type} : {},
}).then((answer) => `${answer.type} ${answer.status}`, () => "refused");
Promise.all([send("application/json"), send("text/plain"), send("")]).then((all) => {
  document.title = all.join();
});
</script>"""


def test_a_script_of_another_site_neither_writes_nor_reads(browser: Browser, service: str) -> None:
    with browser.new_context() as context, another_site(SCRIPT.replace("{service}", service)) as site:
        page = context.new_page()
        answers: list[tuple[str, int]] = []
        page.on("response", lambda response: answers.append((response.request.method, response.status)))
        page.goto(site)
        expect(page).to_have_title("refused,refused,opaque 0")

    # Without a key on this machine: it is whose page it is that decides.
    assert {status for method, status in answers if method == "POST"} <= {403}
    assert ("POST", 403) in answers
