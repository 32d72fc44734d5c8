"""What stands above the models of an owner."""

from api.pages.layout import Site
from api.pages.markup import Html, Template, fill
from api.pages.words import plural
from indexer.owners import Owner

_OWNER = Template("""\
<div class="whose">
<h1>$owner</h1>
<p>$models &middot; <a href="$hub" rel="noopener">$owner on $hub_name</a></p>
</div>
""")


def owner_html(site: Site, owner: Owner) -> Html:
    """Give the heading of an owner's page."""
    return fill(
        _OWNER,
        owner=owner.name,
        models=plural(owner.models, "model"),
        hub=site.hub_url(owner.name),
        hub_name=site.hub_name,
    )
