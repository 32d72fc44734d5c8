"""What stands where hits would: ways on when nothing matches, or the word to wait for an index."""

import re
from collections.abc import Iterator
from dataclasses import replace

from api.pages.layout import PLAIN, Manner
from api.pages.markup import NOTHING, Html, Template, fill, joined
from api.pages.words import plural
from indexer.filters import key_of
from indexer.query import SearchQuery

WAYS = 6
"""Ways on that are offered."""

_ID = re.compile(r"[^\s/:]+/[^\s/:]+")

_EMPTY = Template("""\
<section class="message">
<h2>Try it another way</h2>
<p>Is it spelled so? The beginning of a word is enough, and fewer words find more.</p>
$ways<ul class="tips">
<li><code>TheBloke/llama</code> part of an owner, part of a name</li>
<li><code>/coder</code> only names, of any owner</li>
<li><code>qwen 7b gguf</code> words in any order, whole or in part</li>
<li><code>llama -vision</code> without a word</li>
<li>or paste a link to a model</li>
</ul>
</section>
""")
_WAYS = Template('<ul class="ways">$ways</ul>\n')
_WAY = Template('<li><a class="button quiet" href="$path">$words</a></li>\n')
_WITHOUT = Template("Leave out <code>$token</code>")
_ANY_OWNER = Template("<code>$name</code> of any owner")
_BEYOND = Template("""\
<section class="message">
<h2>There are not so many</h2>
<ul class="ways">$ways</ul>
</section>
""")
_FIRST_MODELS = Html("""\
<section class="message waiting">
<h2><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span> The first models are on their way</h2>
<p>Hubdex has begun to read the Hub. This page fills by itself.</p>
<p class="small">Nothing happening? <code>hubdex up</code> starts all there is to it;
<a href="/-/status">the status</a> tells how far it is.</p>
<noscript><p class="ways"><a class="button" href="">Look again</a></p></noscript>
</section>
""")
_NO_INDEX = Template("""\
<section class="message waiting">
<h2><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span> The search index is being built</h2>
<p>$progress read so far; as soon as the index holds the first of them, this page fills by itself.
The page of every model is there already.</p>
<p class="small">Nothing happening? <code>hubdex up</code> or <code>hubdex index sync</code> builds it;
<a href="/-/status">the status</a> tells how far it is.</p>
<noscript><p class="ways"><a class="button" href="">Look again</a></p></noscript>
</section>
""")
_AWAY = Html("""\
<section class="message waiting">
<h2><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span> The search is away for a moment</h2>
<p>The server that holds the index cannot be asked. As soon as it answers again, this page fills by itself.
The page of every model is there meanwhile.</p>
<p class="small"><a href="/-/status">The status</a> tells what the trouble is.</p>
<noscript><p class="ways"><a class="button" href="">Look again</a></p></noscript>
</section>
""")


def empty_html(query: SearchQuery, total: int, manner: Manner = PLAIN) -> Html:
    """Give what to try when there is no hit to show."""
    if total:
        first = fill(_WAY, path=manner.path(query.text), words="To the first")
        return fill(_BEYOND, ways=first)
    ways = joined(fill(_WAY, path=path, words=words) for path, words in list(_ways(query, manner))[:WAYS])
    return fill(_EMPTY, ways=fill(_WAYS, ways=ways) if ways else NOTHING)


def _ways(query: SearchQuery, manner: Manner) -> Iterator[tuple[str, Html]]:
    """Give questions that ask for less, those likelier to find something first."""
    tokens = query.text.split()
    if manner.owner:
        yield replace(manner, owner="").path(query.text), Html("Search all models")
    for at in sorted(range(len(tokens)), key=lambda at: not _narrows(tokens[at])):
        rest = " ".join(tokens[:at] + tokens[at + 1 :])
        if rest or _narrows(tokens[at]):
            yield manner.path(rest), fill(_WITHOUT, token=tokens[at])
    if _ID.fullmatch(query.text):
        name = query.text.partition("/")[2]
        yield manner.path(f"/{name}"), fill(_ANY_OWNER, name=name)


def _narrows(token: str) -> bool:
    """Tell whether a word only narrows a search down: a filter, or a word that must not be there."""
    return token.startswith("-") or ":" in token or key_of(token) is not None


def waiting_html(models: int, *, is_away: bool = False) -> Html:
    """Give the word to wait: so many models have been read, and there is no index of them, or it is away."""
    if is_away:
        return _AWAY
    return fill(_NO_INDEX, progress=plural(models, "model")) if models else _FIRST_MODELS
