"""What was pasted, read as a model, a revision, a file or a quant; or refused in a sentence."""

import string
from urllib.parse import quote

import pytest
from huggingface_hub import hf_hub_url
from hypothesis import given
from hypothesis import strategies as st

from api.handoff.errors import BadReference
from api.handoff.references import MAX_TEXT, Reference, read_reference, require_path
from indexer.pasted import MAX_PATH

HUB = "https://huggingface.co"
OURS = ("http://127.0.0.1:8017", "https://mirror.example.org/hf", "models.lan")
CHAT = "TheBloke/Llama-2-7B-Chat-GGUF"
Q3 = "llama-2-7b-chat.Q3_K_M.gguf"
SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The three forms of the seed, and what else the Hub's own pages are called.
        (f"{HUB}/{CHAT}", Reference(CHAT)),
        (f"{HUB}/{CHAT}/tree/main", Reference(CHAT)),
        (f"{HUB}/{CHAT}/blob/main/{Q3}", Reference(CHAT, path=Q3)),
        (f"Huggingface/{CHAT}", Reference(CHAT)),
        (f"  {HUB}/{CHAT}/?library=x#files ", Reference(CHAT)),
        (f"HTTP://www.HuggingFace.co:443/{CHAT}", Reference(CHAT)),
        (f"{HUB}/{CHAT}/discussions/3", Reference(CHAT)),
        (f"{HUB}/{CHAT}/commit/{SHA}", Reference(CHAT, SHA)),
        (f"{HUB}/{CHAT}/resolve/main/{Q3}?download=true", Reference(CHAT, path=Q3)),
        (f"{HUB}/{CHAT}/raw/v1.0/README.md", Reference(CHAT, "v1.0", "README.md")),
        (f"{HUB}/{CHAT}/tree/{SHA}/BF16/", Reference(CHAT, SHA, "BF16")),
        (f"{HUB}/o/r/tree/refs%2Fpr%2F1", Reference("o/r", "refs/pr/1")),
        (f"{HUB}/o/r/tree/refs/pr/1/sub/x", Reference("o/r", "refs/pr/1", "sub/x")),
        (f"{HUB}/o/r/blob/refs%2Fconvert%2Fparquet/a%20b.gguf",
         Reference("o/r", "refs/convert/parquet", "a b.gguf")),
        (f"{HUB}/o/r/resolve/feature%2Fnew/x%23y.gguf", Reference("o/r", "feature/new", "x#y.gguf")),
        (f"{HUB}/o%2Fr/tree/main", Reference("o/r")),
        (f"{HUB}/api/models/o/r/tree/main", Reference("o/r")),
        (f"{HUB}/gpt2", Reference("gpt2")),
        (f"{HUB}/gpt2/resolve/main/config.json", Reference("gpt2", path="config.json")),
        (f"{HUB}/gpt2/tree/refs%2Fpr%2F1", Reference("gpt2", "refs/pr/1")),
        (f"https://hf-mirror.com/{CHAT}", Reference(CHAT)),
        # Ollama and others.
        ("hf.co/o/r:Q4_K_M", Reference("o/r", variant="Q4_K_M")),
        ("hf.co/o/r:latest", Reference("o/r")),
        ("hf.co/o/r:x.Q4_K_M.gguf", Reference("o/r", variant="x.Q4_K_M.gguf")),
        ("hf.co/o/r:BF16/x.gguf", Reference("o/r", path="BF16/x.gguf")),
        ("ollama run hf.co/o/r:q8_0", Reference("o/r", variant="q8_0")),
        ("llama-server -hf o/r:Q8_0", Reference("o/r", variant="Q8_0")),
        ("llama-cli --hf-repo o/r --hf-file x.gguf -p 'hello'", Reference("o/r", path="x.gguf")),
        ("lms get https://huggingface.co/o/r@q4_k_m", Reference("o/r", variant="q4_k_m")),
        ("lmstudio://open_from_hf?model=o/r&file=x%2Fy.gguf", Reference("o/r", path="x/y.gguf")),
        ("jan://models/huggingface/o/r", Reference("o/r")),
        ("msty://models/search/hf/o/r", Reference("o/r")),
        ("huggingface://o/r/f.gguf", Reference("o/r", path="f.gguf")),
        ("hf://o/r@refs%2Fpr%2F1/f.gguf", Reference("o/r", "refs/pr/1", "f.gguf")),
        ("hf:o/r/f.gguf#dev", Reference("o/r", "dev", "f.gguf")),
        ("models://huggingface/o/r/main/f.gguf", Reference("o/r", path="f.gguf")),
        ("https://backyard.ai/hf/model/o/r", Reference("o/r")),
        ("https://apps.jan.ai/huggingface.co/o/r/resolve/main/f.gguf", Reference("o/r", path="f.gguf")),
        ("npx -y node-llama-cpp chat hf:o/r:Q4_K_M", Reference("o/r", variant="Q4_K_M")),
        # The Hub's own command and library.
        ("hf download o/r f.gguf --revision x", Reference("o/r", "x", "f.gguf")),
        ("huggingface-cli download --local-dir ./x o/r --revision=v1", Reference("o/r", "v1")),
        ("hf download o/r 'a b.gguf' c.gguf --local-dir .", Reference("o/r", files=("a b.gguf", "c.gguf"))),
        ("hf download o/r --include '*Q4*'", Reference("o/r", path="*Q4*")),
        ("from_pretrained('o/r', revision='refs/pr/3')", Reference("o/r", "refs/pr/3")),
        ("hf_hub_download(repo_id='o/r', filename='x y.gguf')", Reference("o/r", path="x y.gguf")),
        ("git clone --branch dev https://huggingface.co/o/r", Reference("o/r", "dev")),
        ("python download-model.py o/r --specific-file f.gguf --branch x", Reference("o/r", "x", "f.gguf")),
        ("HF_ENDPOINT=http://localhost:1 hf download o/r", Reference("o/r")),
        # Ids.
        ("o/r", Reference("o/r")),
        ("o/r/", Reference("o/r")),
        ("o/r:Q4_K_M", Reference("o/r", variant="Q4_K_M")),
        ("o/r@v1.0", Reference("o/r", "v1.0")),
        ("o/r@refs/pr/1", Reference("o/r", "refs/pr/1")),
        ("o/r@q8_0", Reference("o/r", variant="q8_0")),
        ("o/r/sub/f.gguf", Reference("o/r", path="sub/f.gguf")),
        ("gpt2", Reference("gpt2")),
        ("gpt2@v1", Reference("gpt2", "v1")),
        ("owner.with.dots/r", Reference("owner.with.dots/r")),
        # Where links count besides: here, and at the Hub that is crawled.
        ("http://127.0.0.1:8017/o/r/tree/main", Reference("o/r")),
        ("localhost:8017/o/r", Reference("o/r")),
        ("http://localhost:8017/o/r/blob/main/f", Reference("o/r", path="f")),
        ("https://mirror.example.org/hf/o/r/resolve/x/f", Reference("o/r", "x", "f")),
        ("mirror.example.org/hf/o/r", Reference("o/r")),
        ("http://models.lan:99/o/r", Reference("o/r")),
    ],
)  # fmt: skip
def test_what_people_paste_is_read(text: str, expected: Reference) -> None:
    assert read_reference(text, OURS) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://evil.example/o/r", "`evil.example`.*huggingface.co.*mirror.example.org"),
        ("https://huggingface.co.evil.example/o/r", "`huggingface.co.evil.example`"),
        ("https://evil.example/https://huggingface.co/o/r", "`evil.example`"),
        ("https://evil.example/?x=https://huggingface.co/o/r", "`evil.example`"),
        ("https://huggingface.co@evil.example/o/r", "`evil.example`"),
        ("evil.example/o/r", "`evil.example`"),
        ("curl -LO https://evil.example/x.gguf", "`evil.example`"),
        ("https://modelscope.cn/models/o/r", "`modelscope.cn`"),
        ("http://127.0.0.1:8018/o/r", "`127.0.0.1`"),
        ("http://169.254.169.254/latest/meta-data", "`169.254.169.254`"),
        ("https://mirror.example.org/o/r", "`mirror.example.org`"),
        ("ftp://huggingface.co/o/r", "names no model"),
        ("file:///etc/passwd", "names no model"),
        ("http://[bad", "that host"),
        ("https://huggingface.co:port/o/r", "that host"),
        (f"{HUB}/datasets/a/b", "Only models.*datasets"),
        (f"{HUB}/datasets/a/b/resolve/main/x", "Only models"),
        (f"{HUB}/spaces/a/b", "Only models.*spaces"),
        ("http://127.0.0.1:8017/datasets/a/b", "Only models"),
        ("hf.co/datasets/a/b", "Only models"),
        ("hf://datasets/a/b", "Only models"),
        ("datasets/a/b", "Only models"),
        ("hf download a/b --repo-type dataset", "Only models"),
        (f"{HUB}/models?search=x", "a search"),
        (f"{HUB}/papers/2307.09288", "a search"),
        (f"{HUB}/", "names no model"),
        (f"{HUB}/docs/hub", "names no model"),
        ("http://127.0.0.1:8017/-/status", "no id of a model"),
        ("http://127.0.0.1:8017/v1/models/o/r", "no id of a model"),
        ("", "names no model"),
        ("llama 7b", "names no model"),
        ("a/b c/d", "names no model"),
        ("o--x/r", "no id of a model"),
        ("o/r.git", "no id of a model"),
        ("o/-r", "no id of a model"),
        ("ö/r", "no id of a model"),
        (f"{HUB}/o/r/resolve/main/../../etc/passwd", "no path"),
        (f"{HUB}/o/r/resolve/main/%2e%2e/x", "no path"),
        (f"{HUB}/o/r/resolve/main/..%2Fx", "no path"),
        (f"{HUB}/o/r/resolve/main/a%5C..%5Cx", "no path"),
        (f"{HUB}/o/r/resolve/main/a%00b", "no path"),
        (f"{HUB}/o/r/resolve/main/%2Fetc%2Fpasswd", "no path"),
        (f"{HUB}/o/r/resolve/main/{'x' * 300}", "no path"),
        (f"{HUB}/o/r/resolve/main/{'x/' * 600}y", "no path"),
        (f"{HUB}/o/r/resolve/..%2F..%2Fmain/x", "no name of a branch"),
        (f"{HUB}/o/r/tree/a%00b", "no name of a branch"),
        (f"{HUB}/o/r/tree/{'x' * 201}", "no name of a branch"),
        ("hf download o/r --revision ../../x", "no name of a branch"),
        ("hf download o/r ../x", "no path"),
        ("hf download o/r a ../x", "no path"),
        ("o/r@a b", "names no model"),
        ("x" * (MAX_TEXT + 1), "characters"),
    ],
)
def test_what_names_no_model_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(BadReference, match=said):
        read_reference(text, OURS)


@pytest.mark.parametrize(
    "text",
    [
        "https://me:hf_SECRET@evil.example/o/r",
        "https://hf_SECRET@evil.example/o/r",
        "https://me:pa/hf_SECRET@evil.example/o/r",
        "https://hf_SECRET/@evil.example/o/r",
        "https://me.SECRET/@evil.example/o/r",
        "https://me:hf_SECRET@huggingface.co/o--x/r",
        "https://me:hf_SECRET@huggingface.co/o/r/tree/..",
        "https://me:hf_SECRET@huggingface.co/datasets/o/r",
        "git clone https://me:hf_SECRET@evil.example/o/r",
        "https://evil.example/o/r?token=hf_SECRET",
        "hf_SECRET@huggingface.co/o--x/r",
        "hf_SECRET:x/y/z/..",
        "hf download o/r .. --token hf_SECRET",
    ],
)
def test_no_secret_is_repeated(text: str) -> None:
    with pytest.raises(BadReference) as caught:
        read_reference(text)

    assert "secret" not in str(caught.value).lower()


@pytest.mark.parametrize(
    "text",
    [
        "https://me:hf_SECRET@huggingface.co/o/r/tree/v1",
        "git clone --branch v1 https://me:hf_SECRET@huggingface.co/o/r",
        f"{HUB}/o/r/resolve/v1?token=hf_SECRET",
        "hf download o/r --revision v1 --token hf_SECRET",
    ],
)
def test_secrets_are_dropped(text: str) -> None:
    assert read_reference(text) == Reference("o/r", "v1")


_LETTERS = string.ascii_letters + string.digits
_NAMES = st.text(_LETTERS + "._-", min_size=1, max_size=30).filter(
    lambda name: (
        not {"--", ".."} & {name[at : at + 2] for at in range(len(name))}
        and name[0] in _LETTERS
        and name[-1] in _LETTERS
        and not name.endswith(".git")
    )
)
_FOLDED = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"], exclude_characters="\\/*?"),
                  min_size=1, max_size=20)  # fmt: skip
_PATHS = st.lists(_FOLDED.filter(lambda part: part not in {".", ".."}), min_size=1, max_size=4).map("/".join)
_REVISIONS = st.one_of(
    st.sampled_from(["main", "v1.0", "refs/pr/12", "refs/convert/parquet", "feature/new", SHA]),
    st.text(_LETTERS + "-_", min_size=1, max_size=30).filter(lambda text: text[0] in _LETTERS),
)


@given(owner=_NAMES, name=_NAMES, path=_PATHS, revision=_REVISIONS)
def test_the_hub_s_own_links_come_back(owner: str, name: str, path: str, revision: str) -> None:
    owner = f"x{owner}"  # none of our own first segments, and none of the Hub's
    wanted = Reference(f"{owner}/{name}", revision, path)
    below = f"{quote(revision, safe='')}/{quote(path)}"

    assert read_reference(hf_hub_url(wanted.repo_id, path, revision=revision)) == wanted
    assert read_reference(f"{HUB}/{wanted.repo_id}/blob/{below}") == wanted
    assert read_reference(f"http://127.0.0.1:8017/{wanted.repo_id}/tree/{below}", OURS) == wanted
    assert read_reference(f"{wanted.repo_id}") == Reference(wanted.repo_id)


_PIECES = st.sampled_from([
    *"/:@?#%.\\ \"'", "..", "//", "%2F", "%2e%2e", "%00", "\x00", "refs/pr/1", "o/r", "hf.co/", "huggingface://",
    "https://huggingface.co/", "https://", "/tree/", "/resolve/", "/blob/main/", "hf download ",
    "ollama run ",
    "lmstudio://open_from_hf?model=", "&file=", "--revision ", "--include ", "user:pass@", "[", "]", "gpt2",
    "http://127.0.0.1:8017/", "datasets/", "main", "x.gguf", "filename='", "-hff ", "\ud800",
])  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=300), st.lists(st.one_of(_PIECES, st.text(max_size=5)), max_size=12).map("".join)
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read_reference(text, OURS)
    except BadReference:
        return
    assert found.repo_id.isascii()
    assert found.repo_id.count("/") <= 1
    for path in (found.path, found.revision, *found.files):
        assert not path.startswith("/")
        assert "\\" not in path
        assert ".." not in path.split("/")
        assert "\x00" not in path


@pytest.mark.parametrize(
    "path", ["", "/x", "a//b", "a/../b", "./a", "a/.", "a\nb", "a\\b", "x" * 256, "x/" * MAX_PATH]
)
def test_no_path_leaves_its_folder(path: str) -> None:
    with pytest.raises(BadReference):
        require_path(path)
