"""The kinds of rules: one line each."""

from collections.abc import Mapping
from typing import Final

from app.automation.kinds import dataset_rejected, report_on_dataset, source_lag, store_down, target_missed
from app.automation.rule_kind import RuleKind

RULE_KINDS: Final[Mapping[str, RuleKind]] = {
    module.KIND.name: module.KIND
    for module in (
        report_on_dataset,
        target_missed,
        dataset_rejected,
        source_lag,
        store_down,
    )
}
