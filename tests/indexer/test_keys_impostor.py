"""What answers as no search server does learns nothing of the master key."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.indexer.test_keys import failed, run


class Impostor(BaseHTTPRequestHandler):
    """Answers everything, with the key it was sent."""

    status = 200

    def do_GET(self) -> None:
        said = f"<p>{self.headers['Authorization']}</p>".encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Keep it out of the tests' output."""


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (200, 1, "sent what is no answer"),
        (404, 1, "is no Meilisearch server"),
        (403, 1, "refuses the master key (MEILI_MASTER_KEY)"),
        (502, 75, "cannot answer now (HTTP 502)"),
    ],
)
def test_what_is_no_search_server_is_no_way_to_learn_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, code: int, said: str
) -> None:
    monkeypatch.setattr(Impostor, "status", status)
    with ThreadingHTTPServer(("127.0.0.1", 0), Impostor) as other:
        Thread(target=other.serve_forever).start()
        try:
            ended = run(tmp_path / "none", f"http://127.0.0.1:{other.server_port}")
        finally:
            other.shutdown()

    assert said in failed(ended, code)
