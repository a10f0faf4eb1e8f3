"""Commits, comparisons, branches, files, dependencies, pushes."""

from urllib.parse import unquote

from tests.github.answers import Answer, Request, instant, page_after, page_of, parse_instant, refusal
from tests.github.git import Git
from tests.github.model import Repository
from tests.github.shapes import code as shapes
from tests.github.world import World


def _resolve(repository: Repository, ref: str) -> str | None:
    """The sha of a branch's name, or of itself where it is known."""
    ref = repository.default_branch if ref == "HEAD" else unquote(ref)
    known = repository.git.branches.get(ref)
    return known or (ref if ref in repository.git.commits else None)


def _commits(world: World, request: Request, repository: Repository) -> Answer:
    if repository.head is None:
        return refusal(409, "Git Repository is empty.")
    sha = _resolve(repository, request.params.get("sha", repository.default_branch))
    if sha is None:
        return refusal(404, "Not Found")
    found = repository.git.log(sha)
    if since := request.params.get("since"):
        found = [one for one in found if one.committed_at >= parse_instant(since)]
    return page_of(request, found, lambda one: shapes.commit(repository, one))


def _commit(world: World, request: Request, repository: Repository, ref: str) -> Answer:
    if repository.head is None:
        return refusal(409, "Git Repository is empty.")
    sha = _resolve(repository, ref)
    if sha is None:
        return refusal(422, f"No commit found for SHA: {ref}")
    return Answer(shapes.one_commit(repository, repository.git.commits[sha]))


def _compare(world: World, request: Request, repository: Repository, basehead: str) -> Answer:
    base, _, head = (_resolve(repository, ref) for ref in basehead.partition("..."))
    if base is None or head is None:
        return refusal(404, "Not Found")
    git = repository.git
    if not git.reachable(base) & git.reachable(head):
        return refusal(404, f"No common ancestor between {base} and {head}.")
    ahead, behind = git.between(base, head), git.between(head, base)
    listed = page_of(request, ahead, lambda one: shapes.commit(repository, one))
    if "per_page" not in request.params and "page" not in request.params:
        listed = Answer([shapes.commit(repository, one) for one in ahead[:250]])
    url = f"https://api.github.com/repos/{repository.full_name}/compare/{basehead}"
    html = f"https://github.com/{repository.full_name}/compare/{basehead}"
    body = {
        "url": url,
        "html_url": html,
        "permalink_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "base_commit": shapes.commit(repository, git.commits[base]),
        "merge_base_commit": shapes.commit(repository, git.commits[_merge_base(git, base, head)]),
        "status": _status(ahead=bool(ahead), behind=bool(behind)),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": listed.body,
        "files": [],
    }
    return Answer(body, headers=listed.headers)


def _status(*, ahead: bool, behind: bool) -> str:
    if ahead and behind:
        return "diverged"
    if ahead:
        return "ahead"
    return "behind" if behind else "identical"


def _merge_base(git: Git, base: str, head: str) -> str:
    common = git.reachable(base) & git.reachable(head)
    return max(common, key=lambda sha: git.commits[sha].order)


def _branches(world: World, request: Request, repository: Repository) -> Answer:
    names = sorted(repository.git.branches)
    if "protected" in request.params:
        wanted = request.params["protected"] == "true"
        names = [name for name in names if (name in repository.git.protected) == wanted]
    return page_of(request, names, lambda name: shapes.branch(repository, name))


def _activity(world: World, request: Request, repository: Repository) -> Answer:
    found = [one for one in repository.pushes if request.params.get("ref", one.ref) in {one.ref, one.ref[11:]}]
    if kind := request.params.get("activity_type"):
        found = [one for one in found if one.kind == kind]
    found.reverse()
    return page_after(request, found, shapes.push, key=lambda one: f"{one.id:015}")


def _contents(world: World, request: Request, repository: Repository, path: str | None) -> Answer:
    path = unquote(path or "").strip("/")
    if path in repository.files:
        return Answer(shapes.file(repository, path))
    inside = sorted(one for one in repository.files if one.rpartition("/")[0] == path)
    if not inside:
        return refusal(404, "Not Found")
    return Answer([shapes.file(repository, one, with_content=False) for one in inside])


def _tree(world: World, request: Request, repository: Repository, ref: str) -> Answer:
    if repository.head is None:
        return refusal(409, "Git Repository is empty.")
    sha = _resolve(repository, ref)
    if sha is None:
        return refusal(404, "Not Found")
    url = f"https://api.github.com/repos/{repository.full_name}/git"
    entries = []
    for path, text in sorted(repository.files.items()):
        blob = shapes.blob_sha(text)
        if "recursive" in request.params or "/" not in path:
            entries.append(
                {
                    "path": path,
                    "mode": "100644",
                    "type": "blob",
                    "sha": blob,
                    "size": len(text.encode()),
                    "url": f"{url}/blobs/{blob}",
                }
            )
    return Answer({"sha": sha, "url": f"{url}/trees/{sha}", "tree": entries, "truncated": False})


def _bill_of_materials(world: World, request: Request, repository: Repository) -> Answer:
    if "sbom" in repository.off:
        return refusal(404, "Not Found")
    return Answer(shapes.bill_of_materials(repository, instant(repository.created_at) or ""))


ROUTES = [
    (r"/commits", _commits),
    (r"/commits/([^/]+)", _commit),
    (r"/compare/([^/]+)", _compare),
    (r"/branches", _branches),
    (r"/activity", _activity),
    (r"/contents(?:/(.*))?", _contents),
    (r"/git/trees/([^/]+)", _tree),
    (r"/dependency-graph/sbom", _bill_of_materials),
]
