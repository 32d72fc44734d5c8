"""Names of a repository stay names: in a shell, an address, Python, JSON and a Modelfile."""

import ast
import json
import shlex
import subprocess
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.handoff.choice import repository_of
from api.handoff.offers import Handoff
from api.handoff.plan import plan_handoffs
from indexer.records import GgufFacts, StoredModel
from indexer.variants.records import RepoFile, Sidecar, Variant
from tests.factories import make_listed

TOKEN = ' -H "Authorization: Bearer $HF_TOKEN"'
NASTY = (
    "a b.gguf", "a'b.gguf", 'a"b.gguf', "$(touch x).gguf", "`id`.gguf", "a;b.gguf", "a&&b|c>d.gguf",
    "-rf.gguf",
    "--help/x.gguf", "a\nFROM ./etc.gguf", "a\\b.gguf", "*.gguf", "~/x.gguf", "#a.gguf", "%2e%2e.gguf",
    "a?b&c=d#e.gguf", "\N{SNOWMAN}.gguf", "../../x.gguf", "!x.gguf", "{a,b}.gguf", "$HF_TOKEN.gguf",
)  # fmt: skip
names = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).map(
        lambda name: name + ".gguf"
    ),
)
labels = st.sampled_from(["Q4_K_M", "unknown", "F16", "IQ4_KS"])


def handed(
    repo_id: str, paths: list[str], label: str, *, gated: bool, upstream: str, form: str = "gguf"
) -> tuple[Handoff, ...]:
    record = make_listed(repo_id, files=tuple(paths), gated="manual" if gated else "no", library=None)
    model = StoredModel(1, record.record, record.counters, 1, gguf=GgufFacts(None, "llama"))
    *weights, projector = paths
    variant = Variant(
        form, label, form, tuple(map(RepoFile, weights)), shards=len(weights),
        sidecars=(Sidecar(projector, "mmproj"),), is_ik_only=label == "IQ4_KS",
    )  # fmt: skip
    return plan_handoffs(repository_of(model, upstream), variant)


def commands(handoffs: tuple[Handoff, ...]) -> list[str]:
    return [
        step.removesuffix(TOKEN)
        for one in handoffs
        if one.kind == "command" or (one.kind == "file" and one.steps)
        for step in one.steps or ([one.text] if one.text else [])
    ]


@settings(max_examples=300, deadline=None)
@given(
    repo_id=st.one_of(st.just("acme/x"), names.map(lambda name: f"acme/{name}")),
    paths=st.lists(names, min_size=2, max_size=4), label=labels, gated=st.booleans(),
    upstream=st.sampled_from(["https://huggingface.co", "https://hub.example.org/it's"]),
)  # fmt: skip
def test_a_command_is_only_words(
    *, repo_id: str, paths: list[str], label: str, gated: bool, upstream: str
) -> None:
    handoffs = handed(repo_id, paths, label, gated=gated, upstream=upstream)

    for command in commands(handoffs):
        words = shlex.split(command)
        bare = [word for word in words if not word.startswith("HF_ENDPOINT=")]
        assert shlex.split(shlex.join(words)) == words
        assert command.endswith(shlex.join(bare))
        assert bare[0] in {
            "hf", "ollama", "llama-gguf-split", "llama-server", "lms", "koboldcpp", "python", "vllm",
            "mlx_lm.server", "docker", "local-ai", "npx", "curl",
        }  # fmt: skip
    download = next(one for one in handoffs if one.app == "hf")
    words = shlex.split((download.steps or (download.text,))[-1])
    if all(path.isprintable() for path in paths):
        assert [word for word in words if word in {repo_id, *paths}] == [repo_id, *paths]
        dashed = [at for at, word in enumerate(words) if word in {repo_id, *paths} and word.startswith("-")]
        assert all("--" in words[:at] for at in dashed)
    for one in handoffs:
        if one.app != "hf" and any(path.startswith("-") for path in paths) and one.app != "url":
            assert one.why_not is not None


@settings(max_examples=200, deadline=None)
@given(names, st.lists(names, min_size=2, max_size=2), labels)
def test_an_address_a_file_and_a_body_hold_names_as_they_are(name: str, paths: list[str], label: str) -> None:
    repo_id = f"acme/{name}"
    for one in handed(repo_id, paths, label, gated=False, upstream="https://huggingface.co"):
        if one.why_not is None:
            check_held(one, repo_id, paths)


def check_held(one: Handoff, repo_id: str, paths: list[str]) -> None:
    if one.app == "url" and one.kind == "link":
        for url, path in zip(one.steps, paths, strict=True):
            parts = urlsplit(url)
            assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == (
                "https", "huggingface.co", "", "",
            )  # fmt: skip
            assert unquote(parts.path) == f"/{repo_id}/resolve/main/{path}"
    elif one.app == "lmstudio" and one.kind == "link":
        asked = parse_qs(urlsplit(one.text).query, keep_blank_values=True, strict_parsing=True)
        assert asked == {"model": [repo_id], "file": [paths[0]]}
    elif one.file == "load.py":
        literals = {node.value for node in ast.walk(ast.parse(one.text)) if isinstance(node, ast.Constant)}
        assert literals == {repo_id, paths[0]}
    elif one.file == "Modelfile":
        assert one.text.splitlines() == [f"FROM ./{path}" for path in paths]
    elif one.kind in {"file", "request"}:
        json.loads(one.text)


@pytest.mark.parametrize("name", NASTY)
def test_a_real_shell_reads_the_same_words(name: str) -> None:
    handoffs = handed("acme/x", [name, "p.gguf"], "unknown", gated=False, upstream="https://hub.example.org")
    for command in commands(handoffs):
        bare = command.removeprefix("HF_ENDPOINT=https://hub.example.org ")
        shown = subprocess.run(
            ["/bin/sh", "-c", f"printf '%s\\0' {bare}"], capture_output=True, check=True, timeout=30
        ).stdout.decode()
        assert shown.split("\0")[:-1] == shlex.split(bare)
