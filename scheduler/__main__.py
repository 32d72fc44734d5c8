"""`python -m scheduler up`: start everything."""

import argparse
from collections.abc import Sequence

from indexer.config import HomeConfig, read_config
from indexer.process import configure_logging, run_command
from scheduler.up import up


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of the room; gives its exit code."""
    parser = argparse.ArgumentParser(prog="hubdex", description="Start everything and keep it running.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="crawl, index and page, until stopped")
    parser.parse_args(argv)
    return run_command(_up)


def _up() -> int:
    config = read_config(HomeConfig)
    configure_logging(config.log)
    return up(config)


if __name__ == "__main__":
    raise SystemExit(main())
