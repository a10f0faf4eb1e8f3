"""Whatever it is sent, the running service keeps to its OpenAPI document; in a file, and so a database, of its own."""

from pathlib import Path

from tests.conformance.made_up import sent
from tests.strategies import PROFILE, examples

#: Requests made up for each operation, in each phase. They are the same in every run.
EXAMPLES = examples(50)

#: What finds most in least time; the other phases, by chance and in sequences, are for ``make fuzz``.
PHASES = "examples,coverage,fuzzing,stateful" if PROFILE == "long" else "examples,coverage"

#: Not every text is a cursor, nor every object the parameters of a report: what the document allows may be refused.
UNDECIDABLE = "positive_data_acceptance"

#: In local mode nobody needs credentials; tests/conformance/test_access.py asks where they are needed.
LOCAL = "ignored_auth"

#: Uploads speak a protocol that answers 412 before it looks at anything else, and takes a content type that cannot be
#: made up from a schema; tests/uploads/test_made_up_requests.py does for them what is done here for the others.
OWN_PROTOCOL = "^/uploads"

#: A source that is added is read, wherever its address is.
READS = "^/sources$"

#: By itself the second phase sends every wrong type to every place of every body, 4,300 requests, a quarter of them for
#: reports alone. Each place of each operation still gets everything that is done there; ``make fuzz`` leaves none out.
LEFT_OUT = "" if PROFILE == "long" else f"hooks = '{Path(__file__).with_name('each_mistake_once.py')}'"

#: A key may have slashes, so that PUT of ``a/open`` is that of an entity, not of the hours of ``a``. Others are pages.
#: Every method that is not documented is sent to every path in test_openapi.py.
CONFIGURATION = f"""
{LEFT_OUT}
[phases.coverage]
unexpected-methods = []

[[operations]]
include-path-regex = "^/(entities/.*/open|calendars/.*/import|login|setup|reset|unsubscribe)$"
checks.unsupported_method.enabled = false
"""


def test_made_up_requests_are_answered_as_documented_and_never_with_an_error_of_ours(
    address: str, tmp_path: Path
) -> None:
    done = sent(
        address,
        tmp_path,
        *("--max-examples", str(EXAMPLES), "--phases", PHASES),
        *("--exclude-checks", f"{UNDECIDABLE},{LOCAL}", "--exclude-path-regex", f"{OWN_PROTOCOL}|{READS}"),
        configuration=CONFIGURATION,
    )
    assert done.returncode == 0, done.stdout
