"""Commits, comparisons, branches, pushes, files."""

import base64
import hashlib
from typing import Any

from tests.github.answers import API, instant
from tests.github.git import Commit
from tests.github.model import Push, Repository
from tests.github.shapes.accounts import account_or_null, node

_UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def _identity(commit: Commit, *, committed: bool) -> dict[str, Any]:
    at = commit.committed_at if committed else commit.authored_at
    return {"name": commit.name, "email": commit.email, "date": instant(at)}


def _account(commit: Commit) -> dict[str, Any] | None:
    """The account that the e-mail of a commit belongs to: of a laptop's address GitHub knows none."""
    return None if "laptop" in commit.email else account_or_null(commit.author)


def _parents(repository: Repository, commit: Commit) -> list[dict[str, Any]]:
    html = f"https://github.com/{repository.full_name}"
    return [
        {"sha": sha, "url": f"{API}/repos/{repository.full_name}/commits/{sha}", "html_url": f"{html}/commit/{sha}"}
        for sha in commit.parents
    ]


def commit(repository: Repository, one: Commit) -> dict[str, Any]:
    """A commit as lists have it."""
    url = f"{API}/repos/{repository.full_name}/commits/{one.sha}"
    return {
        "sha": one.sha,
        "node_id": f"C_{one.sha}",
        "url": url,
        "html_url": f"https://github.com/{repository.full_name}/commit/{one.sha}",
        "comments_url": f"{url}/comments",
        "commit": {
            "url": f"{API}/repos/{repository.full_name}/git/commits/{one.sha}",
            "author": _identity(one, committed=False),
            "committer": _identity(one, committed=True),
            "message": one.message,
            "tree": {"sha": one.sha, "url": f"{API}/repos/{repository.full_name}/git/trees/{one.sha}"},
            "comment_count": 0,
            "verification": _UNSIGNED,
        },
        "author": _account(one),
        "committer": _account(one),
        "parents": _parents(repository, one),
    }


def one_commit(repository: Repository, one: Commit) -> dict[str, Any]:
    """A commit by itself, with its size."""
    stats = {"additions": one.additions, "deletions": one.deletions, "total": one.additions + one.deletions}
    return {**commit(repository, one), "stats": stats, "files": []}


def timeline_commit(repository: Repository, one: Commit) -> dict[str, Any]:
    """A commit in a timeline: without an account."""
    whole = commit(repository, one)
    return {
        "event": "committed",
        "sha": one.sha,
        "node_id": whole["node_id"],
        "url": whole["commit"]["url"],
        "html_url": whole["html_url"],
        "author": whole["commit"]["author"],
        "committer": whole["commit"]["committer"],
        "tree": whole["commit"]["tree"],
        "message": one.message,
        "parents": whole["parents"],
        "verification": _UNSIGNED,
    }


def head_commit(one: Commit) -> dict[str, Any]:
    """A commit as runs embed it."""
    who = {"name": one.name, "email": one.email}
    return {
        "id": one.sha,
        "tree_id": one.sha,
        "message": one.message,
        "timestamp": instant(one.committed_at),
        "author": who,
        "committer": who,
    }


def branch(repository: Repository, name: str) -> dict[str, Any]:
    sha = repository.git.branches[name]
    url = f"{API}/repos/{repository.full_name}"
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
        "protected": name in repository.git.protected,
    }


def push(one: Push) -> dict[str, Any]:
    return {
        "id": one.id,
        "node_id": node("PSH", one.id),
        "before": one.before,
        "after": one.after,
        "ref": one.ref,
        "timestamp": instant(one.at),
        "activity_type": one.kind,
        "actor": account_or_null(one.actor),
    }


def blob_sha(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def file(repository: Repository, path: str, *, with_content: bool = True) -> dict[str, Any]:
    """A file: by itself with its content, in the list of a folder without."""
    text = repository.files[path]
    url = f"{API}/repos/{repository.full_name}/contents/{path}"
    git_url = f"{API}/repos/{repository.full_name}/git/blobs/{blob_sha(text)}"
    html = f"https://github.com/{repository.full_name}/blob/{repository.default_branch}/{path}"
    made = {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": blob_sha(text),
        "size": len(text.encode()),
        "url": url,
        "html_url": html,
        "git_url": git_url,
        "download_url": html.replace("/blob/", "/raw/"),
        "type": "file",
        "_links": {"self": url, "git": git_url, "html": html},
    }
    if with_content:
        made |= {"content": base64.encodebytes(text.encode()).decode(), "encoding": "base64"}
    return made


def bill_of_materials(repository: Repository, created: str) -> dict[str, Any]:
    """The SBOM: its packages, and the repository itself."""
    root = {
        "SPDXID": "SPDXRef-Repository",
        "name": f"com.github.{repository.full_name}",
        "versionInfo": repository.default_branch,
        "downloadLocation": f"git+https://github.com/{repository.full_name}",
        "filesAnalyzed": False,
        "externalRefs": [_reference(f"pkg:github/{repository.full_name}@{repository.default_branch}")],
    }
    packages = [
        {
            "SPDXID": f"SPDXRef-{ecosystem}-{name}-{number}",
            "name": name,
            "versionInfo": version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False,
            "externalRefs": [_reference(f"pkg:{ecosystem}/{name}" + (f"@{version}" if version else ""))],
        }
        for number, (ecosystem, name, version) in enumerate(repository.packages)
    ]
    return {
        "sbom": {
            "SPDXID": "SPDXRef-DOCUMENT",
            "spdxVersion": "SPDX-2.3",
            "creationInfo": {"created": created, "creators": ["Tool: GitHub.com-Dependency-Graph"]},
            "name": f"com.github.{repository.full_name}",
            "dataLicense": "CC0-1.0",
            "documentNamespace": f"https://spdx.org/spdxdocs/protobom/{repository.id}",
            "packages": [root, *packages],
            "relationships": [
                {"spdxElementId": root["SPDXID"], "relatedSpdxElement": one["SPDXID"], "relationshipType": "DEPENDS_ON"}
                for one in packages
            ],
        }
    }


def _reference(purl: str) -> dict[str, str]:
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
