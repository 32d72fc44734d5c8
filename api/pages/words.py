"""Numbers and times as people read them; pure."""

from collections.abc import Mapping
from datetime import UTC, datetime

from api.pages.markup import NOTHING, Html, Template, fill
from indexer.measures import GIB

ACCESS: Mapping[str, str] = {"no": "open", "auto": "after a form", "manual": "on request"}
"""How access to a model is granted."""

_COUNT_UNITS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))
_SIZE_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_TIME_UNITS = (
    (365 * 86_400, "year"),
    (30 * 86_400, "month"),
    (7 * 86_400, "week"),
    (86_400, "day"),
    (3_600, "hour"),
    (60, "minute"),
)
_TIME = Template('<time datetime="$exact" title="$shown">$words</time>')


def compact_count(number: int) -> str:
    """Spell a count in at most four characters and a unit: `1.2M`, `12k`, `671B`."""
    for size, unit in _COUNT_UNITS:
        if number >= size * 0.9995:
            scaled = number / size
            return f"{scaled:.1f}".removesuffix(".0") + unit if scaled < 9.95 else f"{scaled:.0f}{unit}"
    return str(number)


def plural(count: int, word: str) -> str:
    """Give a count with its word: `1 model`, `1,234 models`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def time_ago(seconds: float) -> str:
    """Say how long ago something was, in one unit."""
    for size, word in _TIME_UNITS:
        if seconds >= size:
            return f"{plural(int(seconds // size), word)} ago"
    return "just now"


def time_until(seconds: float) -> str:
    """Say in how long something will be, in one unit."""
    for size, word in (*_TIME_UNITS, (1, "second")):
        if seconds >= size:
            return f"in {plural(int(seconds // size), word)}"
    return "now"


def time_html(moment: datetime | None, now: datetime) -> Html:
    """Give a moment as words, with the exact time behind them."""
    if moment is None:
        return NOTHING
    exact = moment.astimezone(UTC)
    words = time_ago((now - moment).total_seconds())
    return fill(_TIME, exact=f"{exact:%Y-%m-%dT%H:%M:%SZ}", shown=f"{exact:%Y-%m-%d %H:%M} UTC", words=words)


def size_words(size: int | None, *, is_estimated: bool = False) -> str:
    """Say how large files are, in decimal units: `4.92 GB`; `~4.9 GB` when it is estimated."""
    if size is None:
        return "size unknown"
    for unit, word in _SIZE_UNITS:
        if size >= unit * 0.9995:
            about, digits = ("~", 2) if is_estimated else ("", 3)
            return f"{about}{_digits(size / unit, digits)} {word}"
    return f"{size} B"


def time_left(seconds: float) -> str:
    """Say how long something still takes: `25 s left`, `3 min left`, `2 h 5 min left`."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s left"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min left"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min left"
    return f"{minutes // (24 * 60)} days left"


def memory_words(size: int) -> str:
    """Say how much memory that is, in binary units: `5.4 GiB`."""
    gib = size / GIB
    return f"{gib:.0f} GiB" if gib >= 99.95 else f"{gib:.1f} GiB" if gib >= 0.095 else f"{gib:.2f} GiB"


def context_words(tokens: int) -> str:
    """Say how long a context is: `4k`."""
    return f"{tokens // 1_024}k"


def _digits(number: float, count: int) -> str:
    """Give a number with so many digits, and no more behind the point than tell anything."""
    whole = len(str(int(number)))
    return f"{number:.{max(0, count - whole)}f}"
