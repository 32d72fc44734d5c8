"""Hand-offs in the answers of the API: the outer contract, as typed dictionaries; pure."""

from pydantic import ConfigDict, JsonValue, with_config
from typing_extensions import TypedDict

from api.handoff.choice import Repository, repository_of
from api.handoff.offers import Handoff, Kind
from api.handoff.plan import plan_handoffs
from indexer.records import StoredModel
from indexer.variants.answers import Room, SidecarAnswer, VariantAnswer, variants_answer
from indexer.variants.records import Contents, Variant

_MODEL = "TheBloke/Llama-2-7B-Chat-GGUF"
_EXAMPLES: tuple[JsonValue, ...] = (
    {
        "app": "ollama",
        "name": "Ollama",
        "kind": "command",
        "text": f"ollama run hf.co/{_MODEL}:Q4_K_M",
        "steps": [],
        "file": None,
        "url": None,
        "note": "",
        "why_not": None,
    },
    {
        "app": "vllm",
        "name": "vLLM",
        "kind": "command",
        "text": "",
        "steps": [],
        "file": None,
        "url": None,
        "note": "",
        "why_not": "It does not load GGUF.",
    },
)


@with_config(ConfigDict(json_schema_extra={"examples": list(_EXAMPLES)}))
class HandoffAnswer(TypedDict):
    """What one app is given for a variant; or, when `why_not` says so, nothing."""

    app: str
    """Its machine word, e.g. `llama-server`; one app can be given several things."""
    name: str
    kind: Kind
    """`command`: lines for a POSIX shell; `link`: addresses; `file`: to be written; `request`: JSON."""
    text: str
    """All of it, to be copied; empty when there is nothing."""
    steps: list[str]
    """What to run or open one after the other, where it is several; of a `file`, what is run beside it."""
    file: str | None
    """Name of the file that `text` is the content of."""
    url: str | None
    """Where a `request` goes to."""
    note: str
    why_not: str | None
    """The reason, in one sentence; `null`: it works."""


class HandedVariantAnswer(VariantAnswer):
    """What a person downloads, and how each app is given it."""

    handoffs: list[HandoffAnswer]


class HandedVariantsAnswer(TypedDict):
    """What a model holds."""

    model: str
    revision: str | None
    """The present commit."""
    license: str | None
    gated: bool | str
    variants: list[HandedVariantAnswer]
    """Best first."""
    sidecars: list[SidecarAnswer]
    """Those that belong to no variant."""


def handed_variants_answer(
    model: StoredModel, contents: Contents, room: Room, upstream: str
) -> HandedVariantsAnswer:
    """Give what a model holds, with every way to hand it off.

    Args:
        model: read with its files.
        contents: of the model.
        room: the memory its variants are to fit into.
        upstream: address of the Hub they are handed off from.

    """
    answer = variants_answer(model, contents, room)
    repository = repository_of(model, upstream)
    pairs = zip(answer["variants"], contents.variants, strict=True)
    return {
        "model": answer["model"],
        "revision": answer["revision"],
        "license": answer["license"],
        "gated": answer["gated"],
        "variants": [_handed(one, repository, variant) for one, variant in pairs],
        "sidecars": answer["sidecars"],
    }


def handoff_answer(handoff: Handoff) -> HandoffAnswer:
    """Give what is told of a hand-off."""
    return {
        "app": handoff.app,
        "name": handoff.name,
        "kind": handoff.kind,
        "text": handoff.text,
        "steps": list(handoff.steps),
        "file": handoff.file,
        "url": handoff.url,
        "note": handoff.note,
        "why_not": handoff.why_not,
    }


def _handed(answer: VariantAnswer, repository: Repository, variant: Variant) -> HandedVariantAnswer:
    return {**answer, "handoffs": [handoff_answer(one) for one in plan_handoffs(repository, variant)]}
