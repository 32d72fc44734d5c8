"""The command `hubdex crawl`, also `python -m crawler`."""

import argparse
import signal
from collections.abc import Sequence

from crawler.config import CrawlConfig
from crawler.crawling import run_crawl
from crawler.passes import CRAWLS
from crawler.turns import turn, wanted_by
from indexer.config import read_config
from indexer.errors import EXIT_DONE, EXIT_TRY_LATER
from indexer.process import INTERRUPTED, configure_logging, run_command
from indexer.runs import Runs


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code: 0 done, 1 failed, 2 bad usage or settings, 75 try later."""
    arguments = _parser().parse_args(argv)
    return run_command(lambda: _crawl(arguments.crawl, arguments))


def _crawl(name: str, arguments: argparse.Namespace) -> int:
    config = read_config(CrawlConfig)
    configure_logging(config.log)
    folder = config.lock_folder
    outcome = None
    try:
        with turn(folder, name), Runs(config).running(f"crawl-{name}") as run:
            outcome = run_crawl(
                config,
                name,
                limit_pages=arguments.limit_pages,
                budget=arguments.budget,
                wanted_by=lambda: wanted_by(folder, name),
                note=run.note,
            )
            if outcome.error is not None:
                raise outcome.error
            was_stopped = outcome.stopped_by is not None and not outcome.report.finished
            has_given_way = outcome.report.given_way_to is not None
            run.end("stopped" if was_stopped else "later" if has_given_way else "done", str(outcome.report))
    finally:
        if outcome is not None:  # behind the record: whoever listened may be gone, and the crawl went well
            print(outcome.report.to_json() if arguments.json else outcome.report)
    if was_stopped:
        return INTERRUPTED if outcome.stopped_by == signal.SIGINT else EXIT_TRY_LATER
    return EXIT_TRY_LATER if has_given_way else EXIT_DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hubdex crawl",
        description="Read the Hugging Face Hub's listing, and the sizes of files, into the local catalog.",
    )
    crawls = parser.add_subparsers(dest="crawl", required=True, metavar=f"{{{','.join(CRAWLS)}}}")
    for name, explanation in CRAWLS.items():
        crawl = crawls.add_parser(name, help=explanation, description=f"Read {explanation}.")
        crawl.set_defaults(limit_pages=None, budget=None)
        if name == "files":
            crawl.add_argument("--budget", type=_positive, metavar="N", help="stop after N requests")
        else:
            crawl.add_argument("--limit-pages", type=_positive, metavar="N", help="stop after N pages")
        crawl.add_argument("--json", action="store_true", help="print the report as one line of JSON")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
