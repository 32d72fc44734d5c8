"""Owners that are suggested while their name is being typed, and the way to the one that was."""

from collections.abc import Iterator
from dataclasses import dataclass

from api.pages.hits import marked
from api.pages.layout import PLAIN, Manner, search_path
from api.pages.markup import NOTHING, Html, Template, fill, joined
from api.pages.words import plural
from indexer.owners import Owner, OwnerTyped, begun

_SUGGESTED = Template("""\
<li><a class="pick" id="owner-$number" href="$path">
<i aria-hidden="true"></i><span class="unseen">Owner </span><span class="name">$name</span>
<span class="number">$models <span class="word">$word</span></span>
</a><a class="page" href="$page" title="Page of $title"><span class="unseen">Page of $title</span></a></li>
""")
_NAMED = Template('<a href="$path">Page of $name</a>')


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Owners that somebody who types may mean, best first."""

    typed: OwnerTyped
    owners: tuple[Owner, ...]

    @property
    def named(self) -> Owner | None:
        """The owner whose whole name was typed: then there is nothing to suggest."""
        return next((owner for owner in self.owners if self.typed.names(owner)), None)


def suggested_html(suggestions: Suggestions | None, manner: Manner = PLAIN) -> Html:
    """Give owners to pick: each puts its name into the search box, and its page is beside it."""
    if suggestions is None or suggestions.named:
        return NOTHING
    return joined(_suggested(suggestions, manner))


def named_html(suggestions: Suggestions | None) -> Html:
    """Give the way to the page of the owner whose whole name was typed."""
    named = suggestions and suggestions.named
    return fill(_NAMED, path=search_path("", owner=named.name), name=named.name) if named else NOTHING


def _suggested(suggestions: Suggestions, manner: Manner) -> Iterator[Html]:
    typed = suggestions.typed
    for number, owner in enumerate(suggestions.owners):
        models, _, word = plural(owner.models, "model").partition(" ")
        yield fill(
            _SUGGESTED,
            number=number,
            path=manner.path(typed.completed(owner)),
            name=marked(owner.name, [(0, begun(owner.name, typed.prefix))]),
            models=models,
            word=word,
            page=search_path("", owner=owner.name),
            title=owner.name,
        )
