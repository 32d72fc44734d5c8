"""Parameters that are numbers with units, as they are typed: memory, lengths of context."""

from typing import Annotated

from pydantic import Field

from indexer.errors import BadRequest
from indexer.measures import Memory, read_context, read_memory

MAX_LENGTH = 60

_MEMORY = r"^(\d{1,6}(\.\d{1,3})?([mgtMGT][iI]?[bB]?)?(\+\d{1,6}(\.\d{1,3})?([mgtMGT][iI]?[bB]?)?)?)?$"
_CONTEXT = r"^(\d{1,7}[kKmM]?)?$"

GivenMemory = Annotated[str, Field(max_length=MAX_LENGTH, json_schema_extra={"pattern": _MEMORY})]
"""Empty: not given. The pattern is for the description: our own word says better what is wrong."""
Context = Annotated[str, Field(max_length=MAX_LENGTH, json_schema_extra={"pattern": _CONTEXT})]


def memory_given(name: str, text: str) -> Memory | None:
    """Read memory; raises BadRequest when it is none.

    Args:
        name: of the parameter.
        text: what was given; empty: nothing.

    """
    memory = read_memory(text) if text else None
    if text and memory is None:
        raise BadRequest(
            f"`{name}` takes memory such as `8gb`, or `8gb+32gb` for the graphics card's and the machine's; "
            f"`{text}` is none."
        )
    return memory


def context_given(text: str) -> int | None:
    """Read a length of context; raises BadRequest when it is none; empty: not given."""
    context = read_context(text) if text else None
    if text and context is None:
        raise BadRequest(f"`ctx` takes a length of context such as `4096` or `8k` tokens; `{text}` is none.")
    return context
