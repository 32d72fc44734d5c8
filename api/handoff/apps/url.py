"""The plain addresses of the files, and curl."""

from collections.abc import Iterator
from urllib.parse import quote

from api.handoff.choice import Choice
from api.handoff.commands import gate_note, line, token_note
from api.handoff.offers import App, Limits, Offer, script

LIMITS = Limits(takes_parts=True, takes_ik=True, takes_legacy=True, takes_adapters=True, takes_odd_names=True)


def _plan(choice: Choice) -> Iterator[Offer]:
    """Give each file's address, and a curl that follows the Hub's redirects.

    Fact: `GET /{id}/resolve/{revision}/{path}` answers with a redirect, so curl needs `-L`; it drops the
    token on the way to another host by itself.
    """
    urls = tuple(choice.url(path) for path in choice.with_sidecars)
    yield Offer("link", "\n".join(urls), urls if len(urls) > 1 else (), note=gate_note(choice))
    yield script(*(_curl(choice, path) for path in choice.with_sidecars), note=token_note(choice))


def _curl(choice: Choice, path: str) -> str:
    name = path.rpartition("/")[2]
    # `-O` names the file as it stands in the address.
    named = ("-O",) if quote(name) == name else ("-o", f"./{name}")
    command = line("curl", "-L", *named, choice.url(path))
    # The shell is to fill this one in, so it is the one thing that is not quoted by shlex.
    return f'{command} -H "Authorization: Bearer $HF_TOKEN"' if choice.is_gated else command


APP = App("url", "Address and curl", "link", LIMITS, _plan)
