"""The page that asks for the key of the service; it needs no script."""

from starlette.responses import HTMLResponse

from api.pages.layout import Frame, Site, page
from api.pages.markup import NOTHING, Html, Template, fill
from api.paths import FORGET_KEY, KEY

REMEMBERED_DAYS = 30
"""How long a browser keeps that it was given the key."""

_MESSAGE = Template("""\
<section class="message key">
<h1>$title</h1>
$content</section>
""")
_ASK = Template("""\
<p>Everybody may search. Whoever downloads or deletes on the machine that Hubdex runs on has to know its
key.</p>
<form action="$action" method="post">
<input type="hidden" name="next" value="$then">
<input name="user" value="hubdex" autocomplete="username" hidden>
<label for="key">Key</label>
<input id="key" name="key" type="password" maxlength="512" autocomplete="current-password"
 autocapitalize="off" spellcheck="false" required$wrong autofocus>
$problem<p class="ways"><button class="button" type="submit">Use this key</button>
<a class="button quiet" href="$then">Back</a></p>
</form>
<p class="small">It is what whoever set Hubdex up wrote into <code>HUBDEX_API_KEY</code>: ask them for it.
This browser remembers for $days days that it was given the key, not the key itself.</p>
""")
_WRONG = Html(' aria-invalid="true" aria-describedby="problem"')
_PROBLEM = Html('<p class="problem" id="problem" role="alert">That is not the key of this service.</p>\n')
_GIVEN = Template("""\
<p>It may download and delete on the machine that Hubdex runs on.</p>
<form action="$action" method="post">
<p class="ways"><a class="button" href="$then">Go on</a>
<button class="button quiet" type="submit">Forget the key</button></p>
</form>
""")
_HERE = Template("""\
<p>Hubdex listens to its own machine only, and you are at it: nothing has to be unlocked. It asks for a key
once <code>HUBDEX_API_KEY</code> is set, which it has to be before other machines are let in.</p>
<p class="ways"><a class="button" href="$then">Go on</a></p>
""")
_UNSET = Template("""\
<p>You reach Hubdex through a proxy or by another name than <code>localhost</code>, and it has no key by which
to tell who may download and delete. Whoever runs it sets <code>HUBDEX_API_KEY</code> to a secret, such as
what <code>openssl rand -hex 24</code> prints, and starts it again. Searching goes on meanwhile.</p>
<p class="ways"><a class="button" href="$then">Back</a></p>
""")


def key_page(
    site: Site, then: str, *, has_key: bool, may_write: bool, is_wrong: bool = False
) -> HTMLResponse:
    """Give the page that asks for the key, or says why there is nothing to ask for.

    Args:
        site: where the pages run.
        then: a path of ours, to go on to.
        has_key: whether the service has a key at all.
        may_write: whether this browser may write as it is.
        is_wrong: whether what it was given is not the key.

    """
    if has_key and not may_write:
        title = "This needs the key"
        content = _asked(then, is_wrong=is_wrong)
    elif has_key:
        title = "This browser has the key"
        content = fill(_GIVEN, action=FORGET_KEY, then=then)
    elif may_write:
        title, content = "No key is needed here", fill(_HERE, then=then)
    else:
        title, content = "There is no key yet", fill(_UNSET, then=then)
    frame = Frame("Key - Hubdex", ("message.css", "key.css"), status=401 if is_wrong else 200)
    answer = page(site, frame, fill(_MESSAGE, title=title, content=content))
    answer.headers["cache-control"] = "no-store"
    return answer


def _asked(then: str, *, is_wrong: bool) -> Html:
    return fill(
        _ASK,
        action=KEY,
        then=then,
        wrong=_WRONG if is_wrong else NOTHING,
        problem=_PROBLEM if is_wrong else NOTHING,
        days=REMEMBERED_DAYS,
    )
