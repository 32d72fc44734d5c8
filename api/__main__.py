"""The commands `hubdex serve`, also `python -m api`, and `hubdex cache`, also `python -m api cache`."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from api.access import require_key
from api.app import create_app
from api.config import ApiConfig
from api.identifying import identified_answer, identified_lines, identify
from api.serving import serve
from api.sources import Sources
from indexer.catalog.store import Catalog, utc_now
from indexer.config import read_config
from indexer.errors import EXIT_DONE, EXIT_FAILED, CatalogMissing
from indexer.process import collect_garbage_rarely, configure_logging, run_command
from indexer.terminal import json_line, size_words


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of the room, without a word the service; give its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["cache"]:
        asked = _cache_parser().parse_args(given[1:])
        return run_command(lambda: _identify(asked.file, as_json=asked.json))
    arguments = _parser().parse_args(given)
    return run_command(lambda: _serve(arguments.host, arguments.port))


def _serve(host: str | None, port: int | None) -> int:
    config = read_config(ApiConfig)
    chosen = {"host": host, "port": port}
    config = config.model_copy(update={name: value for name, value in chosen.items() if value is not None})
    require_key(config)
    configure_logging(config.log)
    sources = Sources(config, utc_now)
    with suppress(CatalogMissing):
        sources.catalog()  # a wrong setting, or a catalog of another version, is told at once
    sources.close()
    app = create_app(config)
    collect_garbage_rarely()  # walking what is remembered of names takes longer than most answers
    return serve(app, config)


def _identify(path: Path, *, as_json: bool) -> int:
    config = read_config(ApiConfig)
    configure_logging(config.log)
    with Catalog(config.database_url, read_only=True) as catalog:
        try:
            found = identify(path, catalog, _progress)
        finally:
            _progress_ended()
    if as_json:
        print(json_line(identified_answer(found)))
        return EXIT_DONE if found.holders else EXIT_FAILED
    print("\n".join(identified_lines(found)))
    return EXIT_DONE


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        share = min(100, 100 * done // max(1, of))
        print(f"\r{size_words(done)} of {size_words(of)} read, {share} %", end="\x1b[K", file=sys.stderr)


def _progress_ended() -> None:
    if sys.stderr.isatty():
        print("\r", end="\x1b[K", file=sys.stderr)


def _cache_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hubdex cache", description="Look after the files on this disk.")
    commands = parser.add_subparsers(dest="command", required=True)
    about = "say which models hold a file, by its content; exit 1 when none is known to"
    one = commands.add_parser("identify", help=about, description=f"{about[0].upper()}{about[1:]}.")
    one.add_argument("file", type=Path)
    one.add_argument("--json", action="store_true", help="answer in JSON")
    return parser


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hubdex serve", description="Serve the API and the pages.")
    parser.add_argument("--host", help="address to listen on (HUBDEX_HOST, 127.0.0.1)")
    parser.add_argument("--port", type=_port, help="port to listen on (HUBDEX_PORT, 8017); 0: a free one")
    return parser


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError("must be between 0 and 65535")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
