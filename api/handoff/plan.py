"""Every way to hand a variant off, app by app: what it is given, or why nothing; pure.

One more app is one more file below `apps` and one more name in `APPS`.
"""

from collections.abc import Iterator
from itertools import chain

from api.handoff.apps import (
    backyard,
    docker,
    hf,
    ik_llama,
    jan,
    koboldcpp,
    llama_server,
    lmstudio,
    localai,
    mlx,
    msty,
    node_llama,
    ollama,
    textgen,
    transformers,
    url,
    vllm,
)
from api.handoff.barriers import barrier
from api.handoff.choice import Choice, Repository
from api.handoff.offers import App, Handoff, Refusal
from indexer.variants.records import Variant

APPS: tuple[App, ...] = tuple(
    one.APP
    for one in (
        hf, ollama, llama_server, lmstudio, jan, koboldcpp, textgen, transformers, vllm, mlx, docker, localai,
        node_llama, msty, backyard, ik_llama, url,
    )
)  # fmt: skip
"""In the order in which they are shown."""


def plan_handoffs(repository: Repository, variant: Variant) -> tuple[Handoff, ...]:
    """Give every way to hand a variant off: for each app one or more, or one that says why not.

    Args:
        repository: the model at its Hub (see `repository_of`).
        variant: one of its variants; of at least one file.

    """
    choice = Choice(repository, variant)
    return tuple(chain.from_iterable(_of_app(app, choice) for app in APPS))


def _of_app(app: App, choice: Choice) -> Iterator[Handoff]:
    why_not = barrier(choice, app.limits)
    if why_not is not None:
        yield Handoff(app.word, app.name, app.kind, why_not=why_not)
        return
    for one in app.plan(choice):
        if isinstance(one, Refusal):
            yield Handoff(app.word, app.name, one.kind or app.kind, why_not=one.why_not)
        else:
            yield Handoff(app.word, app.name, one.kind, one.text, one.steps, one.file, one.url, one.note)
