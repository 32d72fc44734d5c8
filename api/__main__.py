"""The commands `hubdex serve`, `hubdex get` and `hubdex cache`: `python -m api`, `... get`, `... cache`."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress

from api import cache_commands
from api.access import require_key
from api.app import create_app
from api.config import ApiConfig
from api.getting import get
from api.handoff.jobs.wanting import Ask
from api.serving import serve
from api.sources import Sources
from indexer.catalog.store import utc_now
from indexer.config import read_config
from indexer.errors import CatalogMissing
from indexer.process import collect_garbage_rarely, configure_logging, run_command


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of the room, without a word the service; give its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["cache"]:
        return cache_commands.main(given[1:])
    if given[:1] == ["get"]:
        wanted = _get_parser().parse_args(given[1:])
        return run_command(lambda: _get(wanted))
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


def _get(arguments: argparse.Namespace) -> int:
    config = read_config(ApiConfig)
    configure_logging(config.log)
    ask = Ask(
        source_url=arguments.reference,
        revision=arguments.revision,
        variant=arguments.variant,
        files=tuple(arguments.file),
        everything=arguments.everything,
    )
    return get(ask, config, url=arguments.url, wait=arguments.wait, as_json=arguments.json)


def _get_parser() -> argparse.ArgumentParser:
    about = "Download a model, or a part of it, into the Hugging Face cache; the same command again goes on."
    parser = argparse.ArgumentParser(prog="hubdex get", description=about)
    parser.add_argument("reference", metavar="REF", help="id, address or link of a model, e.g. o/r:Q4_K_M")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--variant", default="", help="quant or key of the variant; none: the best one")
    which.add_argument("--file", action="append", default=[], help="a file instead; may be repeated")
    which.add_argument("--everything", action="store_true", help="all files")
    parser.add_argument("--revision", default="", help="branch, tag or commit (main)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.add_argument("--url", default="", help="let the service that runs there do it")
    wait = "wait until it is there (the default)"
    parser.add_argument("--wait", action=argparse.BooleanOptionalAction, default=True, help=wait)
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
