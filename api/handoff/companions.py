"""What weights need beside them, so that the library they were made for can load them; pure.

GGUF files hold all that themselves. `from_pretrained` reads settings, tokenizers and code beside the weights;
what only people read, other weights and what a training left behind is not downloaded.
"""

import re
from collections.abc import Iterable, Iterator
from operator import attrgetter

from indexer.files import is_left_over, is_weights
from indexer.variants.grouping import home_of
from indexer.variants.records import RepoFile, Variant

MAX_BYTES = 256 * 2**20
"""Of one such file; larger ones under the same endings are data."""

_SELF_CONTAINED = frozenset({"gguf", "ggml", "llamafile"})
_SETTINGS = frozenset(
    {"json", "txt", "model", "jinja", "py", "tiktoken", "vocab", "merges", "codes", "bpe", "spm", "tsv"}
    | {"yaml", "yml"}
)
"""Endings of settings, tokenizers and code."""
_READ_BY_PEOPLE = re.compile(
    r"(?:readme|licen[cs]e|notice|use_policy|changelog|citation|requirements|third[-_]party)[^/]*\Z"
    r"|(?:all|eval|train|test|predict|generate)_results\.\w+\Z|[^/]*(?:results|metrics|predictions)\.(?:json|txt)\Z"
    r"|(?:trainer_log|train_log|training_params|log_history|all_loss)[^/]*\Z|train_script\.py\Z|[^/]*\.log\.txt\Z",
)
"""Names, in lower case, of files that no library reads."""
_INDEX = re.compile(r"\.(?P<ending>safetensors|bin|h5|msgpack)\.index\b[^/]*\.json\Z", re.IGNORECASE)
_BUNDLE = re.compile(r"^(?:.*?/)?[^/]+\.(?:mlpackage|mlmodelc)/", re.IGNORECASE)
_FOLDERS = re.compile(
    r"\d+_\w+|tokenizer_\d+|(?:image_|feature_|video_)?(?:processor|extractor)|additional_chat_templates"
    r"|assets|variables",
    re.IGNORECASE | re.ASCII,
)
"""Folders of settings, beside those of the parts of a pipeline."""
_ONNX_DATA = re.compile(r"(?P<stem>.+)\.onnx[._]data(?:_\d+)?", re.DOTALL)


def companions_of(variant: Variant, files: Iterable[RepoFile]) -> tuple[RepoFile, ...]:
    """Give the files to be downloaded with a variant, beside its sidecars, in the order of their paths.

    Args:
        variant: whose weights they serve.
        files: of the repository, in any order.

    """
    if variant.format in _SELF_CONTAINED:
        return ()
    own = {file.path for file in variant.files}
    homes = {home for path in own for home in _up_from(_home_of(path))}
    bundles = tuple({bundle[0] for path in own if (bundle := _BUNDLE.match(path))})
    endings = {_ending(path) for path in own}
    stems = {path.rpartition(".")[0] for path in own}
    serving = [
        file
        for file in files
        if file.path not in own
        and (
            (bundles and file.path.startswith(bundles))
            or _loads_with(file.path, variant.format, stems)
            or (_is_setting(file, endings) and _home_of(file.path) in homes)
        )
    ]
    return tuple(sorted(serving, key=attrgetter("path")))


def _home_of(path: str) -> str:
    """Give the folder of the model that a file is of."""
    folder = path.rpartition("/")[0]
    while True:
        home = home_of(folder)
        above, _, last = home.rpartition("/")
        if not _FOLDERS.fullmatch(last):
            return home
        folder = above


def _up_from(folder: str) -> Iterator[str]:
    """Give a folder and all above it; the empty one is the last."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _loads_with(path: str, form: str, stems: set[str]) -> bool:
    """Tell whether weights are in two files, of which only one is known to be some."""
    if form == "openvino":
        return path.endswith(".xml") and path[:-4] in stems
    if form == "onnx":
        data = _ONNX_DATA.fullmatch(path)
        return data is not None and data["stem"] in stems
    if form == "tensorflow":  # what is saved as a whole is spread over folders of these names
        folder, _, last = path.rpartition("/")[0].rpartition("/")
        return last in {"variables", "assets"} and f"{folder}/saved_model".removeprefix("/") in stems
    return False


def _is_setting(file: RepoFile, endings: set[str]) -> bool:
    path = file.path
    name = path.rpartition("/")[2].lower()
    index = _INDEX.search(name)
    if index is not None:
        return index["ending"] in endings
    if _ending(path) not in _SETTINGS or _READ_BY_PEOPLE.match(name) or name.startswith("."):
        return False
    is_small = file.bytes is None or file.bytes <= MAX_BYTES
    return is_small and not is_left_over(path) and not is_weights(path)


def _ending(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2].lower()
