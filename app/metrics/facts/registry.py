"""The tables of facts, by the name that definitions use. A new one is its file and its line here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.metrics.facts.answers import ANSWERS
from app.metrics.facts.branches import BRANCHES
from app.metrics.facts.commits import COMMITS
from app.metrics.facts.contributions import CONTRIBUTIONS
from app.metrics.facts.dependencies import DEPENDENCIES
from app.metrics.facts.deployed_commits import DEPLOYED_COMMITS
from app.metrics.facts.deployments import DEPLOYMENTS
from app.metrics.facts.fact import Fact
from app.metrics.facts.issues import ISSUES
from app.metrics.facts.pulls import PULL_REQUESTS
from app.metrics.facts.releases import RELEASES
from app.metrics.facts.reviews import REVIEWS
from app.metrics.facts.runtimes import RUNTIMES
from app.metrics.facts.workflow_jobs import WORKFLOW_JOBS
from app.metrics.facts.workflow_runs import WORKFLOW_RUNS

FACTS: Final[Mapping[str, Fact]] = MappingProxyType(
    {
        fact.name: fact
        for fact in (
            PULL_REQUESTS,
            REVIEWS,
            ANSWERS,
            CONTRIBUTIONS,
            COMMITS,
            BRANCHES,
            WORKFLOW_RUNS,
            WORKFLOW_JOBS,
            DEPLOYMENTS,
            DEPLOYED_COMMITS,
            RELEASES,
            DEPENDENCIES,
            RUNTIMES,
            ISSUES,
        )
    }
)
