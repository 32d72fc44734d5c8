"""Lines for a POSIX shell; pure.

Whatever is of a repository is quoted by `shlex`: it stays one word. PowerShell and cmd have other rules,
which nothing here is for.
"""

import shlex
from collections.abc import Sequence

from api.handoff.choice import Choice


def line(*words: str) -> str:
    """Give a command of these words."""
    return shlex.join(words)


def asking(choice: Choice, *words: str) -> str:
    """Give a command of a program that asks the Hub `HF_ENDPOINT` names."""
    if choice.is_official:
        return line(*words)
    return f"HF_ENDPOINT={shlex.quote(choice.repository.upstream)} {line(*words)}"


def hf_download(choice: Choice, paths: Sequence[str], local_dir: str = "") -> str:
    """Give the `hf download` of some files, or, without paths, of the whole repository."""
    options = [] if choice.is_main else ["--revision", choice.revision]
    options += ["--local-dir", local_dir] if local_dir else []
    names = (choice.repo_id, *paths)
    if any(name.startswith("-") for name in names):  # behind a `--` they are names
        return asking(choice, "hf", "download", *options, "--", *names)
    return asking(choice, "hf", "download", *names, *options)


def logged_in(choice: Choice, *steps: str) -> tuple[str, ...]:
    """Give steps; where the model is gated, logging in comes first."""
    return ("hf auth login", *steps) if choice.is_gated else steps


def gate_note(choice: Choice) -> str:
    """Say what to do at the gate of a gated model; nothing of others."""
    if not choice.is_gated:
        return ""
    manual = choice.repository.record.gated == "manual"
    return f"Gated: {'ask for access' if manual else 'accept its terms'} at {choice.page} first."


def token_note(choice: Choice) -> str:
    """Say it for programs that read the token from `HF_TOKEN`, not from `hf auth login`."""
    return f"{gate_note(choice)} Set HF_TOKEN to a token of that account." if choice.is_gated else ""


def notes(*said: str) -> str:
    """Join what there is to say."""
    return " ".join(one for one in said if one)
