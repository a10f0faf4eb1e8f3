"""What makes a report other than most of its kind: the parameters that are not the defaults, for lists of reports."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python


def asked_params(model: type[BaseModel], params: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a report that are not the defaults of the model; without its instant, which every report has."""
    defaults = _defaults(model)
    return {name: value for name, value in params.items() if name != "as_of" and value != defaults.get(name)}


@cache
def _defaults(model: type[BaseModel]) -> Mapping[str, Any]:
    fields = model.model_fields.items()
    return {
        field.alias or name: to_jsonable_python(field.get_default(call_default_factory=True)) for name, field in fields
    }
