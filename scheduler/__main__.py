"""`python -m scheduler up`: start everything; `python -m scheduler schedule`: all but the page."""

import argparse
from collections.abc import Callable, Sequence

from indexer.config import read_config
from indexer.process import configure_logging, run_command
from scheduler.config import ScheduleConfig
from scheduler.listing import list_schedule
from scheduler.up import schedule, schedule_once, up


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of the room; gives its exit code."""
    arguments = _parser().parse_args(argv)
    return run_command(lambda: _run(_command_of(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hubdex", description="Start everything and keep it running.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", prog="hubdex up", help="crawl, index and page, until stopped")
    kept = commands.add_parser("schedule", prog="hubdex schedule", help="crawl and index, until stopped")
    how = kept.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="run what is due now, then end")
    how.add_argument("--list", action="store_true", help="say what ran last and what is next")
    kept.add_argument("--json", action="store_true", help="with --list: answer in JSON")
    return parser


def _command_of(arguments: argparse.Namespace) -> Callable[[ScheduleConfig], int]:
    if arguments.command == "up":
        return up
    if arguments.list:
        return lambda config: list_schedule(config, as_json=arguments.json)
    return schedule_once if arguments.once else schedule


def _run(command: Callable[[ScheduleConfig], int]) -> int:
    config = read_config(ScheduleConfig)
    configure_logging(config.log)
    return command(config)


if __name__ == "__main__":
    raise SystemExit(main())
