"""YAML of which each value knows its line: text, numbers, lists and mappings, and nothing else; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml
from yaml.constructor import SafeConstructor

from indexer.errors import HubdexError

MAX_CHARACTERS = 65_536
MAX_DEPTH = 8
"""Lists and mappings within one another."""

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
Place: TypeAlias = tuple[str | int, ...]
"""The keys and positions that lead to a value."""

_CONVERTED = {"bool", "int", "float", "null"}
_TEXT = {"str", "timestamp", "merge", "value"}
"""What YAML takes for a date or a sign of its own is text here."""


class BadYaml(HubdexError):
    """A text is no such YAML; attribute: its line, from 1 (0: nobody can tell)."""

    word = "bad_yaml"

    def __init__(self, why: str, line: int = 0) -> None:
        self.why = why
        self.line = line
        super().__init__(f"Line {line}: {why}." if line else f"{why}.")


@dataclass(frozen=True, slots=True)
class Document:
    """What stands in a text."""

    value: Plain
    lines: Mapping[Place, int]

    def line_of(self, place: Place) -> int:
        """Give the line of a value or, where it is not there, of what it would be in."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]


def read_yaml(text: str) -> Document:
    """Read a text.

    Raises:
        BadYaml: it is too long or too deep, no YAML, or holds what is neither text nor number.

    """
    if len(text) > MAX_CHARACTERS:
        raise BadYaml(f"it has more than {MAX_CHARACTERS:,} characters")
    try:
        _require_shallow(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadYaml(error.problem or "it is no YAML", mark.line + 1 if mark else 0) from None
    except yaml.YAMLError:
        raise BadYaml("it holds characters that no YAML has") from None
    reading = _Reading()
    value = None if node is None else reading.value(node, ())
    return Document(value, {(): 1, **reading.lines})


@dataclass(slots=True)
class _Reading:
    lines: dict[Place, int] = field(default_factory=dict)

    def value(self, node: yaml.Node, place: Place) -> Plain:
        self.lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return {key: self.value(one, (*place, key)) for key, one in _pairs(node)}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, (*place, at)) for at, one in enumerate(node.value)]
        return _scalar(node)


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    seen = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise BadYaml("a key must be text", line)
        if key.value in seen:
            raise BadYaml(f"`{key.value[:100]}` stands there twice", line)
        seen.add(key.value)
        yield key.value, value


def _scalar(node: yaml.Node) -> str | int | float | bool | None:
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if kind in _TEXT:
        return str(node.value)
    if kind not in _CONVERTED:
        raise BadYaml(f"`{kind[:100]}` is not read here", node.start_mark.line + 1)
    try:
        value: str | int | float | bool | None = SafeConstructor().construct_object(node)
    except (ValueError, KeyError):
        raise BadYaml(f"`{str(node.value)[:100]}` is no {kind}", node.start_mark.line + 1) from None
    return value


def _require_shallow(text: str) -> None:
    """Refuse what takes long to read, or stands for more than it says."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise BadYaml("a `*` that stands for another part is not read here", line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise BadYaml("it is too deep", line)
