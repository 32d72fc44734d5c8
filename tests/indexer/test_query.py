"""How a query is read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import BadRequest
from indexer.filters import NO_FILTERS, Filters
from indexer.measures import GIB, Bounds, Memory
from indexer.pasted import Pasted, read_pasted
from indexer.query import MAX_DEPTH, MAX_TERMS, MAX_TEXT, SearchQuery, parse_query

GB = 10**9


def shape(query: SearchQuery) -> tuple[str | None, list[str], list[str], list[str]]:
    """Owner, terms, name terms, excluded terms."""
    return (
        query.owner,
        [wanted.term.text for wanted in query.wanted if wanted.scope == "any"],
        [wanted.term.text for wanted in query.wanted if wanted.scope == "name"],
        [term.text for term in query.excluded],
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (None, [], [], [])),
        ("  ", (None, [], [], [])),
        ("llama", (None, ["llama"], [], [])),
        ("Qwen2.5-7B", (None, ["qwen2.5", "7b"], [], [])),
        ("7b qwen2.5", (None, ["7b", "qwen2.5"], [], [])),
        ("TheBloke/llama", ("thebloke", [], ["llama"], [])),
        ("TheBloke/", ("thebloke", [], [], [])),
        ("/llama", (None, [], ["llama"], [])),
        ("meta-llama/Llama 2", ("metallama", [], ["llama", "2"], [])),
        ("GGUF Qwen/Qwen3-8B", ("qwen", ["gguf"], ["qwen3", "8b"], [])),
        ("llama -uncensored", (None, ["llama"], [], ["uncensored"])),
        ("llama -", (None, ["llama"], [], [])),
        ("llama-2", (None, ["llama", "2"], [], [])),
        ("llama llama", (None, ["llama"], [], [])),
        ("!!!", (None, [], [], [])),
        ("/", (None, [], [], [])),
    ],
)
def test_words_are_read(text: str, expected: tuple[str | None, list[str], list[str], list[str]]) -> None:
    assert shape(parse_query(text)) == expected


def test_the_same_name_in_other_spellings_asks_for_the_same_exact_name() -> None:
    spellings = ("qwen2.5-7b", "qwen2.5 7b", "Qwen2.5_7B")

    assert {parse_query(text).exact_name for text in spellings} == {"qwen257b"}


def test_an_id_is_asked_for_exactly() -> None:
    assert parse_query("TheBloke/Llama-2-7B").exact_id == ("thebloke", "llama27b")


MODEL = Pasted("TheBloke", "Llama-2-7B-GGUF")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://huggingface.co/TheBloke/Llama-2-7B-GGUF", MODEL),
        ("https://huggingface.co/TheBloke/Llama-2-7B-GGUF/", MODEL),
        ("  https://www.huggingface.co/TheBloke/Llama-2-7B-GGUF?library=x#files ", MODEL),
        ("http://hf.co/TheBloke/Llama-2-7B-GGUF/tree/main", MODEL),
        ("https://huggingface.co/TheBloke/Llama-2-7B-GGUF/blob/main/a%20b.gguf", MODEL),
        ("https://huggingface.co/TheBloke/Llama-2-7B-GGUF/resolve/main/x.gguf?download=true", MODEL),
        ("huggingface.co/TheBloke/Llama-2-7B-GGUF", MODEL),
        ("hf.co/TheBloke/Llama-2-7B-GGUF:Q4_K_M", MODEL),
        ("ollama run hf.co/TheBloke/Llama-2-7B-GGUF:Q4_K_M", MODEL),
        ("ollama pull hf.co/TheBloke/Llama-2-7B-GGUF", MODEL),
        ("hf download TheBloke/Llama-2-7B-GGUF --include x", MODEL),
        ("llama-server -hf TheBloke/Llama-2-7B-GGUF:Q8_0", MODEL),
        ("TheBloke/Llama-2-7B-GGUF:Q8_0", MODEL),
        ("huggingface://TheBloke/Llama-2-7B-GGUF/x.gguf", MODEL),
        ("hf://TheBloke/Llama-2-7B-GGUF/x.gguf", MODEL),
        ("lmstudio://open_from_hf?model=TheBloke/Llama-2-7B-GGUF&file=x.gguf", MODEL),
        ("lmstudio://open_from_hf?model=TheBloke%2FLlama-2-7B-GGUF", MODEL),
        ("jan://models/huggingface/TheBloke/Llama-2-7B-GGUF", MODEL),
        ("msty://models/search/hf/TheBloke/Llama-2-7B-GGUF", MODEL),
        ("https://backyard.ai/hf/model/TheBloke/Llama-2-7B-GGUF", MODEL),
        ("https://huggingface.co/TheBloke", Pasted("TheBloke")),
        ("https://huggingface.co/gpt2", Pasted("gpt2")),
        ("https://huggingface.co/datasets/a/b", Pasted(search="tag:dataset:a/b")),
        ("https://huggingface.co/datasets/a/b/tree/main", Pasted(search="tag:dataset:a/b")),
        ("https://huggingface.co/spaces/a/b", None),
        ("https://huggingface.co/papers/2307.09288", Pasted(search="tag:arxiv:2307.09288")),
        ("https://arxiv.org/abs/2307.09288", Pasted(search="tag:arxiv:2307.09288")),
        ("https://example.org/abs/2307.09288", None),
        ("https://huggingface.co/models?search=llama+7b&sort=downloads", Pasted(search="llama 7b")),
        (
            "huggingface.co/models?pipeline_tag=translation&other=gguf,de&author=a&license=mit",
            Pasted(search="task:translation tag:gguf tag:de author:a license:mit"),
        ),
        ("https://huggingface.co/models", None),
        ("https://ollama.com/library/llama3:8b", Pasted(search="llama3 8b")),
        ("https://ollama.com/", None),
        ("Huggingface/TheBloke/Llama-2-7B-GGUF", MODEL),
        ("models://huggingface/TheBloke/Llama-2-7B-GGUF/main/x.gguf", MODEL),
        ("hf:TheBloke/Llama-2-7B-GGUF:Q4_K_M", MODEL),
        ("npx -y node-llama-cpp chat hf:TheBloke/Llama-2-7B-GGUF:Q4_K_M", MODEL),
        ("local-ai run huggingface://TheBloke/Llama-2-7B-GGUF/x.gguf", MODEL),
        ("python download-model.py TheBloke/Llama-2-7B-GGUF --specific-file x.gguf", MODEL),
        ("lms import --user-repo TheBloke/Llama-2-7B-GGUF -l x.gguf", MODEL),
        ("HF_ENDPOINT=http://localhost:8017 hf download TheBloke/Llama-2-7B-GGUF", MODEL),
        ("https://apps.jan.ai/huggingface.co/TheBloke/Llama-2-7B-GGUF", MODEL),
        ("https://modelscope.cn/models/TheBloke/Llama-2-7B-GGUF/files", MODEL),
        ("hf:", None),
        ("hf: llama", None),
        ("https://huggingface.co/api/models/TheBloke/Llama-2-7B-GGUF/tree/main", MODEL),
        ("git clone https://huggingface.co/TheBloke/Llama-2-7B-GGUF", MODEL),
        ("git lfs clone git@hf.co:TheBloke/Llama-2-7B-GGUF", MODEL),
        ("curl -LO 'https://hf.co/TheBloke/Llama-2-7B-GGUF/resolve/main/x.gguf?download=true'", MODEL),
        ("see [this](https://huggingface.co/TheBloke/Llama-2-7B-GGUF), or not", MODEL),
        ("<https://huggingface.co/TheBloke/Llama-2-7B-GGUF>.", MODEL),
        ("python -m vllm.entrypoints.openai.api_server --model=TheBloke/Llama-2-7B-GGUF", MODEL),
        ("llama-cli --hf-repo TheBloke/Llama-2-7B-GGUF:Q8_0 -p 'hello'", MODEL),
        ("AutoModel.from_pretrained('TheBloke/Llama-2-7B-GGUF', device_map='auto')", MODEL),
        ("git clone https://huggingface.co/datasets/a/b", None),
        ("git clone https://example.org/huggingface.co/b", None),
        ("python train.py 'data/train/x.json'", None),
        ("llama -hf", None),
        ("notmyhf.co/a/b c", None),
        ("https://example.org/TheBloke/x", None),
        ("http://[broken", None),
        ("TheBloke/Llama-2-7B-GGUF", None),
        ("llama 7b", None),
        ("ollama run", None),
        ("", None),
    ],
)
def test_links_and_commands_are_read(text: str, expected: Pasted | None) -> None:
    found = read_pasted(text)

    assert (found and replace(found, variant="", revision="", path="", more=())) == expected


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("hf.co/TheBloke/Llama-2-7B-GGUF:Q4_K_M", "Q4_K_M"),
        ("ollama run hf.co/TheBloke/Llama-2-7B-GGUF:x.Q4_K_M.gguf", "x.Q4_K_M.gguf"),
        ("TheBloke/Llama-2-7B-GGUF@q8_0", "q8_0"),
        ("hf:TheBloke/Llama-2-7B-GGUF:Q4_K_M", "Q4_K_M"),
        ("https://huggingface.co/TheBloke/Llama-2-7B-GGUF/blob/main/a%20b.gguf", "a b.gguf"),
        ("https://huggingface.co/o/r/resolve/main/UD-Q2_K_XL/x-00001-of-00002.gguf?download=true",
         "UD-Q2_K_XL/x-00001-of-00002.gguf"),
        ("https://huggingface.co/o/r/tree/main/BF16", "BF16"),
        ("https://huggingface.co/o/r/tree/main", ""),
        ("huggingface://TheBloke/Llama-2-7B-GGUF/x.gguf", "x.gguf"),
        ("lmstudio://open_from_hf?model=TheBloke/Llama-2-7B-GGUF&file=x.gguf", "x.gguf"),
        ("https://huggingface.co/TheBloke/Llama-2-7B-GGUF", ""),
    ],
)  # fmt: skip
def test_what_is_named_within_a_model_is_kept(text: str, variant: str) -> None:
    query = parse_query(text)

    assert query.exact_id is not None
    assert query.pointed == variant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://huggingface.co/o/r/tree/refs%2Fpr%2F1/BF16",
         Pasted("o", "r", revision="refs/pr/1", path="BF16")),
        ("https://huggingface.co/o/r/tree/refs/convert/parquet",
         Pasted("o", "r", revision="refs/convert/parquet")),
        ("https://huggingface.co/o/r/resolve/a%2Fb/x.gguf?download=true",
         Pasted("o", "r", revision="a/b", path="x.gguf")),
        ("https://huggingface.co/gpt2/blob/main/config.json",
         Pasted("gpt2", revision="main", path="config.json")),
        ("hf download o/r a.gguf b.gguf --revision v1",
         Pasted("o", "r", revision="v1", path="a.gguf", more=("b.gguf",))),
        ("llama-cli --hf-repo o/r --hf-file x.gguf -p 'hello'", Pasted("o", "r", path="x.gguf")),
        ("hf download --local-dir ./x o/r", Pasted("o", "r")),
        ("hf download o/r --repo-type dataset", Pasted(search="tag:dataset:o/r")),
        ("hf download o/r --repo-type space", None),
        ("o/r@refs/pr/1", Pasted("o", "r", revision="refs/pr/1")),
        ("o/r@gptq-8bit-64g", Pasted("o", "r", revision="gptq-8bit-64g")),
    ],
)  # fmt: skip
def test_revisions_and_files_are_read(text: str, expected: Pasted | None) -> None:
    assert read_pasted(text) == expected


@pytest.mark.parametrize(
    ("text", "terms", "filters"),
    [
        ("llama 8b q4_k_m", ["llama", "8b"], NO_FILTERS.with_values("quant", ["q4_k_m"])),
        ("llama Q4_K_", ["llama"], NO_FILTERS.with_values("quant", ["q4_k"])),
        ("qwen <6gb", ["qwen"], NO_FILTERS.with_bounds("bytes", Bounds(None, 6 * 10**9 - 1))),
        ("qwen <6", ["qwen"], NO_FILTERS),
        ("qwen <", ["qwen"], NO_FILTERS),
        ("qwen size:4gb-6gb bits:>=4", ["qwen"],
         NO_FILTERS.with_bounds("bytes", Bounds(4 * GB, 6 * GB)).with_bounds("bits", Bounds(400, None))),
        ("mistral gguf fits:8gb", ["mistral", "gguf"], replace(NO_FILTERS, fits=Memory(8 * GIB))),
        ("fits:8gb+32gb ctx:32k", [], replace(NO_FILTERS, fits=Memory(8 * GIB, 32 * GIB), context=32_768)),
        ("quant:q4_k_m,Q5_K_M", [], NO_FILTERS.with_values("quant", ["q4_k_m", "q5_k_m"])),
        ("llama 4bit", ["llama", "4bit"], NO_FILTERS),
        ("llama quant:4-bit", ["llama"], NO_FILTERS.with_values("quant", ["4bit"])),
        ("fits:lots", ["fits", "lots"], NO_FILTERS),
        ("Llama-3.2-3B-Q4_K_M-GGUF", ["llama", "3.2", "3b", "q4", "k", "m", "gguf"], NO_FILTERS),
    ],
)  # fmt: skip
def test_what_variants_must_be_is_read(text: str, terms: list[str], filters: Filters) -> None:
    query = parse_query(text)

    assert [wanted.term.text for wanted in query.wanted] == terms
    assert query.filters == filters


def test_a_pasted_model_comes_first_and_an_owner_alone() -> None:
    model = parse_query("https://huggingface.co/TheBloke/Llama-2-7B-GGUF/tree/main")
    owner = parse_query("https://huggingface.co/TheBloke")

    assert model.exact_id == ("thebloke", "llama27bgguf")
    assert owner.owner == "thebloke"
    assert owner.owner_only


@pytest.mark.parametrize(
    ("text", "limit", "offset", "said"),
    [
        ("x" * (MAX_TEXT + 1), 20, 0, "characters"),
        (" ".join(f"t{number}" for number in range(MAX_TERMS + 1)), 20, 0, "terms"),
        ("x", 0, 0, "limit"),
        ("x", 101, 0, "limit"),
        ("x", 20, -1, "paged"),
        ("x", 20, MAX_DEPTH - 10, "paged"),
    ],
)
def test_what_is_out_of_bounds_is_refused(text: str, limit: int, offset: int, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        parse_query(text, limit=limit, offset=offset)


@given(st.text(max_size=MAX_TEXT))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        query = parse_query(text)
    except BadRequest:
        return
    assert query.text == text
