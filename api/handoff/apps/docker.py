"""Docker Model Runner."""

from collections.abc import Iterator

from api.handoff.choice import Choice
from api.handoff.commands import line
from api.handoff.offers import App, Limits, Offer, Refusal, script

LIMITS = Limits(
    formats=("gguf",), takes_split=False, takes_gated=False, takes_elsewhere=False, takes_revisions=False,
    is_of_language=True,
)  # fmt: skip


def _plan(choice: Choice) -> Iterator[Offer | Refusal]:
    """Give its command where the Hub reads the label.

    Fact: `docker model run hf.co/o/r:LABEL` (the Hub's menu of local apps).
    """
    if choice.hub_tag is None:
        yield Refusal(f"The Hub would not find {choice.first.rpartition('/')[2]} by a label.")
    else:
        yield script(line("docker", "model", "run", f"hf.co/{choice.repo_id}:{choice.hub_tag}"))


APP = App("docker", "Docker Model Runner", "command", LIMITS, _plan)
