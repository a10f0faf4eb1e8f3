"""Keeps pandas out of a process of the service, which has no use for it.

Arrow imports pandas at its first conversion, only to see whether what it was given is a data frame. That takes half a
second of processor time and 50 MB in every process. Without pandas, Arrow converts everything else as with it.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _Refusal(MetaPathFinder):
    def find_spec(self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None, /) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("The service does without pandas.", name=fullname)


def keep_pandas_out() -> None:
    """From now on, an import of pandas fails in this process, as if it were not installed."""
    if not any(isinstance(finder, _Refusal) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Refusal())
