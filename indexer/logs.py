"""Log lines as JSON objects, for programs that collect them."""

import logging
import re
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType

import orjson

MAX_TEXT = 10_000
"""Characters of a message, a field or a trace."""

_PLACE = re.compile(r"(?:(\w{1,60})=)?%(?:%|[-#0 +]*\d*(?:\.\d+)?[a-zA-Z])", re.ASCII)
_PAIR = re.compile(r"(?<!\S)(\w{1,60})=(\S+)", re.ASCII)

_logger = logging.getLogger("hubdex")


class JsonLines(logging.Formatter):
    """Writes each event as one line: `time`, `level`, `logger`, `message`, `fields`, and `trace` of an error.

    What a message says as `key=value` stands in `fields` once more, numbers as numbers.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Give an event as one line of JSON."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _bounded(record.getMessage()),
        }
        if fields := fields_of(record):
            told["fields"] = fields
        if record.exc_info:
            told["trace"] = _bounded(self.formatException(record.exc_info))
        return orjson.dumps(told).decode()


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """Give what an event's message says as `key=value`; what was filled in is taken whole."""
    if not isinstance(record.msg, str) or isinstance(record.args, Mapping) or not record.args:
        return {name: _bounded(value) for name, value in _PAIR.findall(record.getMessage())}
    places = [found for found in _PLACE.finditer(record.msg) if not found[0].endswith("%%")]
    if len(places) != len(record.args):
        return {}
    pairs = zip(places, record.args, strict=True)
    return {place[1]: _plain(value) for place, value in pairs if place[1]}


def log_errors_as_json() -> None:
    """Let what nobody caught, and Python's own warnings, be events too: a trace is many lines else."""

    def on_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            _logger.critical("ended by kind=%s", kind.__name__, exc_info=(kind, error, trace))

    def on_thread_fault(fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is not None:
            on_fault(fault.exc_type, fault.exc_value, fault.exc_traceback)

    sys.excepthook, threading.excepthook = on_fault, on_thread_fault
    logging.captureWarnings(True)


def tell_error(error: Exception) -> None:
    """Say on standard error why a command ends, as a line for people, or of the log where that is JSON."""
    if any(isinstance(handler.formatter, JsonLines) for handler in logging.getLogger().handlers):
        _logger.error("%s", error)
    else:
        print(f"hubdex: {error}", file=sys.stderr)  # noqa: T201


def _plain(value: object) -> object:
    if isinstance(value, bool | int | float) and (not isinstance(value, int) or abs(value) < 2**63):
        return value
    return _bounded(str(value))


def _bounded(text: str) -> str:
    """Cut a text where it is too long, and spell half characters out, which JSON cannot hold."""
    return text[:MAX_TEXT].encode("utf-8", "backslashreplace").decode()
