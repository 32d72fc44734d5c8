"""From a request to an answer: who may see what."""

import json
from dataclasses import dataclass
from urllib.parse import quote, unquote

import orjson

from tests.fakes.hub.answers import (
    Answer,
    Viewer,
    disabled,
    failure,
    gateway_failure,
    missing,
    no_entry,
    no_revision,
    not_a_page,
    redirection,
)
from tests.fakes.hub.cursor import CursorError, GivenCursors
from tests.fakes.hub.faults import Fault
from tests.fakes.hub.links import Links
from tests.fakes.hub.listing import (
    BadQueryError,
    Manner,
    next_query,
    read_page,
    read_query,
    render_info,
)
from tests.fakes.hub.resolve import Resolver, xet_token
from tests.fakes.hub.revisions import at_revision
from tests.fakes.hub.rows import Row
from tests.fakes.hub.source import ModelSource
from tests.fakes.hub.target import LISTING_PATH, Target
from tests.fakes.hub.tree import NoEntryError, read_tree


@dataclass(frozen=True)
class Catalogue:
    """The Hub's answers about a source of models."""

    source: ModelSource
    url: str
    manner: Manner
    cursors: GivenCursors
    links: Links
    cdn_url: str

    def answer(
        self, target: Target, viewer: Viewer, fault: Fault | None = None, wanted_range: str | None = None
    ) -> Answer:
        try:
            match target.route:
                case "listing":
                    return self._listing(target, viewer, fault)
                case "model":
                    return self._model(target, viewer)
                case "tree":
                    return self._tree(target, viewer)
                case "resolve":
                    return self._file(target, viewer, wanted_range)
        except BadQueryError as error:
            return failure(400, str(error))
        except CursorError as error:
            return failure(400, f"Invalid cursor: {error}")
        return not_a_page()

    def _listing(self, target: Target, viewer: Viewer, fault: Fault | None) -> Answer:
        params = target.params
        self.cursors.check(dict(params).get("cursor"))
        query = read_query(params, self.manner)
        if self.manner.gateway_limit is not None and query.limit > self.manner.gateway_limit:
            return gateway_failure(504)
        shown, extra = (None, ()) if fault is None else (fault.shown, fault.extra)
        page = read_page(self.source, query, self.manner, private=viewer.sees_private, shown=shown)
        # orjson refuses what malformed rows may well hold, such as numbers beyond 64 bits.
        body = json.dumps([*page.rows, *extra]).encode() if extra else orjson.dumps(page.rows)
        if page.cursor is None:
            return Answer(200, body)
        self.cursors.give(page.cursor)
        address = f"{self.url}{LISTING_PATH}?{next_query(params, page.cursor)}"
        return Answer(200, body, {"Link": f'<{address}>; rel="next"'})

    def _model(self, target: Target, viewer: Viewer) -> Answer:
        if target.xet_token is not None and self.manner.offers_xet:
            return self._xet_token(target, viewer)
        name, _, revision = target.path.removeprefix(f"{LISTING_PATH}/").partition("/revision/")
        segments = name.split("/")
        if len(segments) > 2 or not all(segments) or "/" in revision:
            return not_a_page()
        row = self._found(name, target, viewer)
        if isinstance(row, Answer):
            return row
        then = at_revision(row, unquote(revision) or "main")
        if then is None:
            return no_revision(unquote(revision))
        row = then
        return Answer(200, orjson.dumps(render_info(row, target.params)))

    def _tree(self, target: Target, viewer: Viewer) -> Answer:
        asked = target.tree
        assert asked is not None
        row = self._found(asked.name, target, viewer)
        if isinstance(row, Answer):
            return row
        if row.get("disabled"):
            return disabled()
        then = at_revision(row, asked.revision)
        if then is None:
            return no_revision(asked.revision)
        row = then
        commit = {"X-Repo-Commit": str(row.get("sha", ""))}
        try:
            page = read_tree(row, asked.path, target.params, self.manner)
        except NoEntryError:
            return no_entry(commit["X-Repo-Commit"])
        if page.cursor is not None:
            address = f"{self.url}{target.path}?{next_query(target.params, page.cursor)}"
            commit["Link"] = f'<{address}>; rel="next"'
        return Answer(200, json.dumps(page.entries).encode(), commit)

    def _xet_token(self, target: Target, viewer: Viewer) -> Answer:
        asked = target.xet_token
        assert asked is not None
        row = self._found(asked.name, target, viewer)
        return row if isinstance(row, Answer) else xet_token(row, asked, viewer, self.manner)

    def _file(self, target: Target, viewer: Viewer, wanted_range: str | None) -> Answer:
        """Answer with a file, under whatever name its model once had: nothing redirects to the new one."""
        asked = target.resolved or target.cached
        assert asked is not None
        repo_id = unquote(asked.name)
        row = self.source.find(repo_id)
        if row is None:
            row = self.source.find(self.source.resolve(repo_id) or repo_id)
        if row is None or (row.get("private") and not viewer.sees_private):
            return missing(viewer)
        resolver = Resolver(self.url, self.cdn_url, self.links, self.manner)
        if target.cached is not None:
            return resolver.from_cache(row, asked, viewer, wanted_range)
        return resolver.answer(row, asked, viewer, target.path, wanted_range)

    def _found(self, name: str, target: Target, viewer: Viewer) -> Row | Answer:
        """Give the model of this name, or the answer that there is none, or none here."""
        repo_id = unquote(name)
        row = self.source.find(repo_id)
        if row is not None and (viewer.sees_private or not row.get("private")):
            return row
        moved_to = self.source.resolve(repo_id) if row is None else None
        return missing(viewer) if moved_to is None else self._moved(moved_to, name, target, viewer)

    def _moved(self, repo_id: str, name: str, target: Target, viewer: Viewer) -> Answer:
        row = self.source.find(repo_id)
        if row is None or (row.get("private") and not viewer.sees_private):
            return missing(viewer)
        path = f"{LISTING_PATH}/{quote(repo_id)}" + target.path.removeprefix(f"{LISTING_PATH}/{name}")
        return redirection(path + (f"?{target.query}" if target.query else ""))
