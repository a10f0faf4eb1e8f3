"""What the tool that makes requests up leaves out: of those that differ only in the value, most. It loads this file."""

from itertools import count

import schemathesis
from schemathesis.generation.case import Case
from schemathesis.generation.meta import CoveragePhaseData
from schemathesis.hooks import HookContext

#: Of requests that do at the same place what an earlier one did, one in so many is sent, for each type somewhere.
EACH = 6

_seen: set[tuple[object, ...]] = set()
_again = count(1)


@schemathesis.hook
def filter_case(_: HookContext, case: Case) -> bool:
    """Whether it is the first of its operation that does this, right or wrong, at this place of the document."""
    done = case.meta and case.meta.phase.data
    if case.meta is None or not isinstance(done, CoveragePhaseData):
        return True
    one = (
        *(case.operation.label, case.meta.generation.mode, done.scenario, done.description),
        *(done.location, done.parameter, done.parameter_location),
    )
    if one in _seen:
        return next(_again) % EACH == 0
    _seen.add(one)
    return True
