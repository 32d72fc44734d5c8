"""Which files are one thing: shards and raw parts of a set, the weights of a revision in one format; pure."""

import re
from collections.abc import Iterable
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from indexer.variants.records import RepoFile

MAX_SINGLES = 32
"""Files of one format and folder that are variants of their own; where there are more, all are one."""


class Group(NamedTuple):
    """Files that are one variant."""

    key: str
    name: str
    """What the label is read from: the path without its ending and its number."""
    files: tuple[RepoFile, ...]
    shards: int = 1
    missing: int = 0
    is_parted: bool = False
    format: str = "gguf"
    home: str = ""
    """The folder; for formats that are spread over folders, the one above them."""


class _Place(NamedTuple):
    """What a file is of a set."""

    prefix: str
    suffix: str
    number: int
    total: str = ""
    """As it is written; empty where the name does not say it."""
    is_parted: bool = False


_Member: TypeAlias = tuple[int, str, str, RepoFile]
"""A number, a path, how many there are as it is written, and the file."""
_PLACE = itemgetter(0, 1)
_SHARD = re.compile(
    r"(?P<prefix>.*?)[-_.](?P<number>\d{1,6})[-_]of[-_](?P<total>\d{1,6})(?P<suffix>.*)\Z",
    re.DOTALL | re.ASCII,
)
_PART = re.compile(
    r"(?P<prefix>.*\.gguf)(?:[._-]?(?:part|split|chunk)[._-]?(?P<a>\d{1,5}|[a-z]{1,2})|[._-](?P<b>\d{1,4}|a[a-z]|[a-f]))"
    r"(?:[._-]?of[._-]?(?P<total>\d{1,5}))?\Z",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
_TAGGED = re.compile(r"\.gguf:\w{1,20}\Z", re.IGNORECASE)


def is_gguf(path: str) -> bool:
    """Tell whether a file is a GGUF or a raw part of one; the path is in lower case."""
    return path.endswith(".gguf") or (
        ".gguf" in path and (_PART.match(path) is not None or _TAGGED.search(path) is not None)
    )


def gguf_groups(files: Iterable[RepoFile]) -> list[Group]:
    """Put GGUF files together that are one: each set of shards or raw parts, and each other file alone."""
    groups: list[Group] = []
    sets: dict[str, list[tuple[int, RepoFile]]] = {}
    places: dict[str, _Place] = {}
    for file in files:
        path = file.path
        plain = path.endswith(".gguf")
        if plain and "of" not in path and path[-10:-7] != "000":
            groups.append(Group(path, path[:-5], (file,), 1, 0, False))
            continue
        place = _shard_of(path) or (None if plain else _part_of(path))
        if place is None:
            groups.append(Group(path, _without_ending(path), (file,)))
            continue
        key = f"{place.prefix}*{place.total}{place.suffix}"
        places[key] = place
        sets.setdefault(key, []).append((place.number, file))
    groups += [_of_set(key, places[key], members) for key, members in sets.items()]
    return groups


def _without_ending(path: str) -> str:
    if path.lower().endswith(".gguf"):
        return path[:-5]
    return re.sub(r"\.gguf:", "-", path, flags=re.IGNORECASE)


def _shard_of(path: str) -> _Place | None:
    if path[-14:-10] == "-of-" and path[-20:-19] == "-" and (path[-19:-14] + path[-10:-5]).isdecimal():
        return _Place(path[:-20], path[-5:], int(path[-19:-14]), path[-10:-5])  # As nearly all are.
    if path[-11:-7] == "-000" and path[-10:-5].isdecimal():
        return _Place(path[:-11], path[-5:], int(path[-10:-5]))  # Some do not say of how many.
    folder, slash, name = path.rpartition("/")
    found = _SHARD.match(name) if "of" in name else None
    if found is None or not found["suffix"].lower().endswith(".gguf"):
        return None
    return _Place(folder + slash + found["prefix"], found["suffix"], int(found["number"]), found["total"])


def _part_of(path: str) -> _Place | None:
    found = _PART.match(path)
    if found is None:
        return None
    number = (found["a"] or found["b"]).lower()
    return _Place(found["prefix"], "", _in_order(number), found["total"] or "", is_parted=True)


def _in_order(number: str) -> int:
    if number.isdigit():
        return int(number)
    order = 0
    for letter in number:
        order = 26 * order + ord(letter) - ord("a")
    return order + 1


def _of_set(key: str, place: _Place, members: list[tuple[int, RepoFile]]) -> Group:
    files = tuple(file for _, file in sorted(members, key=lambda member: (member[0], member[1].path)))
    numbers = {number for number, _ in members}
    total = int(place.total) if place.total else max(numbers) + (min(numbers) == 0)
    missing = max(0, total - len(numbers))
    name = place.prefix.removesuffix(".gguf") + ("" if place.is_parted else place.suffix)
    return Group(key, _without_ending(name), files, len(files) + missing, missing, place.is_parted)


_PIECES = frozenset({
    "unet", "transformer", "transformer_2", "vae", "text_encoder", "text_encoder_2", "text_encoder_3",
    "text_encoder_4", "image_encoder", "safety_checker", "prior", "decoder", "encoder", "movq", "vqvae",
    "vqgan",
    "controlnet", "vae_encoder", "vae_decoder", "vocoder", "projection_model", "language_model", "audio_vae",
    "connectors", "mllm", "vision_encoder", "vision_model", "text_model", "feature_extractor", "scheduler",
    "tokenizer", "image_normalizer", "audio_encoder", "audio_decoder", "speech_tokenizer",
})  # fmt: skip
"""Folders of one model: of a pipeline's parts; those of sentence-transformers begin with a number."""
_STANDARD = re.compile(
    r"(?!adapter)(?:[a-z]{2,12}_){0,3}model(?:_merged|_optimized|_states?)?|weights?|params_shard|layer|embed_tokens"
    r"|(?:[a-z]{2,12}_)?(?:en|de)coder(?:_with_past)?|open_clip_\w+|vocoder|mp_rank",
    re.IGNORECASE | re.ASCII,
)
"""Names of files that say nothing: they belong together with all others of their kind."""
_PRECISION = re.compile(
    r"[._-](?P<said>fp32|fp16|bf16|f16|f32|float16|float32|fp8(?:_e\dm\d(?:fn)?)?|int8|int4|uint8|uint4|quantized|quant|"
    r"q4f16|q4|q8|q2|q2f16|q1|q1f16|bnb4|nf4|4bit|8bit|quint8\w*|qint8\w*|non_ema|ema)\Z",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-_.](\d{1,5})\Z")
_BUNDLE = re.compile(r"(?:^|/)[^/]*\.(?:mlpackage|mlmodelc)/", re.IGNORECASE)


def format_groups(files: Iterable[tuple[str, RepoFile]]) -> list[Group]:
    """Put files of other formats together: what is one format, folder and precision is one.

    Args:
        files: with the format each is in.

    """
    sets: dict[tuple[str, str, str, str], list[_Member]] = {}
    stems: dict[tuple[str, str], set[str]] = {}
    for form, file in files:
        home, precision, stem, number, total = _cut(file.path)
        if stem:
            stems.setdefault((form, home), set()).add(stem)
        sets.setdefault((form, home, precision, stem), []).append((number, file.path, total, file))
    crowded = {key for key, found in stems.items() if len(found) > MAX_SINGLES}
    if crowded:
        merged: dict[tuple[str, str, str, str], list[_Member]] = {}
        for (form, home, precision, stem), members in sets.items():
            key = (form, home, "", "") if (form, home) in crowded else (form, home, precision, stem)
            merged.setdefault(key, []).extend(members)
        sets = merged
    return [_of_format(*key, members) for key, members in sets.items()]


@lru_cache(maxsize=16_384)
def _cut(path: str) -> tuple[str, str, str, int, str]:
    """Give the home, the precision, the stem where it is a name of its own, the number and the total."""
    bundle = _BUNDLE.search(path)
    if bundle:
        return path[: bundle.start()], "", "", 0, ""
    folder, _, name = path.rpartition("/")
    stem = name[: name.rfind(".")].removesuffix(".onnx")
    home = home_of(folder) if folder else ""
    if stem in {"model", "pytorch_model"}:
        return home, "", "", 0, ""
    number, total = 0, ""
    shard = _SHARD.match(stem) if "of" in stem else None
    if shard:
        number, total, stem = int(shard["number"]), shard["total"], shard["prefix"] + shard["suffix"]
    said = _PRECISION.search(stem)
    precision = said["said"].lower() if said else ""
    stem = stem[: said.start()] if said else stem
    if not shard and (numbered := _NUMBER.search(stem)) and _is_set(stem[: numbered.start()]):
        number, stem = int(numbered[1]), stem[: numbered.start()]
    return home, precision, "" if _STANDARD.fullmatch(stem) else stem, number, total


def _is_set(stem: str) -> bool:
    return stem == "consolidated" or _STANDARD.fullmatch(stem) is not None


def home_of(folder: str) -> str:
    """Give the folder of a model by that of one of its files: parts of one model lie in folders below it."""
    while folder:
        above, _, last = folder.rpartition("/")
        if last not in _PIECES and not (last[:1].isdigit() and last[1:2] == "_"):
            return folder
        folder = above
    return folder


def _of_format(form: str, home: str, precision: str, stem: str, members: list[_Member]) -> Group:
    missing = 0
    if len(members) > 1:
        members.sort(key=_PLACE)
        missing = _missing(members)
    elif members[0][2]:
        missing = _missing(members)
    files = tuple([member[3] for member in members])
    key, name = form, home
    if home or precision or stem:
        key = ":".join(piece for piece in (f"{form}@{home}" if home else form, precision, stem) if piece)
        last = f"{stem}-{precision}" if precision else stem
        name = f"{home}/{last}" if home and last else home or last
    return Group(key, name, files, len(files) + missing, missing, False, form, home)


def _missing(members: list[_Member]) -> int:
    """Count the shards that the names speak of and that are not there, in each folder."""
    sets: dict[tuple[str, str], set[int]] = {}
    for number, path, total, _ in members:
        if total:
            sets.setdefault((path.rpartition("/")[0], total), set()).add(number)
    return sum(max(0, int(total) - len(numbers)) for (_, total), numbers in sets.items())
