"""Hand-offs as records: what an app is given for a variant, or why it is given nothing. No I/O."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from api.handoff.choice import Choice

Kind: TypeAlias = Literal["command", "link", "file", "request"]
"""A line for a shell; an address to open; a file to write; the JSON body of a POST."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """What one app is given for a variant; or, when `why_not` says so, nothing."""

    app: str
    """Machine word, e.g. `llama-server`."""
    name: str
    """As people call the app."""
    kind: Kind
    text: str = ""
    """All of it: lines of commands, an address, the content of a file, the body of a request."""
    steps: tuple[str, ...] = ()
    """What to run or open one after the other, where it is more than `text` itself."""
    file: str | None = None
    """Name of the file that `text` is the content of."""
    url: str | None = None
    """Where a request goes to."""
    note: str = ""
    why_not: str | None = None
    """One sentence; `text` is empty then."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an app is given; its fields are those of a hand-off."""

    kind: Kind
    text: str
    steps: tuple[str, ...] = ()
    file: str | None = None
    url: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an app is not given something."""

    why_not: str
    kind: Kind | None = None
    """What it would have been; `None`: what the app is mostly given."""


Plan: TypeAlias = Callable[[Choice], Iterable[Offer | Refusal]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What an app takes; whatever is said to be no is refused with the reason."""

    formats: tuple[str, ...] = ()
    """Empty: any."""
    takes_missing: bool = False
    takes_parts: bool = False
    """Raw parts, which have to be joined."""
    takes_split: bool = True
    takes_folders: bool = True
    """Files that do not lie at the top of the repository."""
    takes_ik: bool = False
    """Quants that only ik_llama.cpp loads."""
    takes_legacy: bool = False
    """Quants that only an old llama.cpp loads."""
    takes_adapters: bool = False
    takes_gated: bool = True
    takes_elsewhere: bool = True
    """Another Hub than huggingface.co."""
    takes_revisions: bool = True
    """Another revision than main."""
    takes_odd_names: bool = False
    """Names of files that begin with a dash, lead upwards or hold what cannot be printed."""
    is_of_language: bool = False
    """Whether it runs language models only."""
    most_files: int = 64
    """Files of one variant."""


@dataclass(frozen=True, slots=True)
class App:
    """One app."""

    word: str
    name: str
    kind: Kind
    """What it is mostly given."""
    limits: Limits
    plan: Plan
    """Asked only for what is within the limits."""


def script(*steps: str, note: str = "") -> Offer:
    """Give lines for a shell, to be run one after the other."""
    return Offer("command", "\n".join(steps), steps if len(steps) > 1 else (), note=note)
