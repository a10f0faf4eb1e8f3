"""The bundle in deploy/superset: its files, the keys that Superset takes, and charts as the SQL that they become."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from tests.commands import REPOSITORY

FOLDER: Final = REPOSITORY / "deploy" / "superset"

#: Whose import schemas the keys below are: of databases, datasets, charts and dashboards, each ``ImportV1…Schema``.
VERSION: Final = "6.1.0"


def _read(kind: str) -> dict[str, dict[str, Any]]:
    paths = sorted((FOLDER / kind).rglob("*.yaml"))
    return {path.stem: yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) for path in paths}


DATABASES: Final = _read("databases")
DATASETS: Final = _read("datasets")
CHARTS: Final = _read("charts")
BOARDS: Final = _read("dashboards")


@dataclass(frozen=True, slots=True)
class Keys:
    """What a document may have, and of which type: Superset refuses a file with any other key.

    Attributes:
        required: those without which it refuses the file, here also those without which its code fails.
        allowed: all others.
        nullable: of all, those that may be null.
    """

    required: Mapping[str, type]
    allowed: Mapping[str, type] = field(default_factory=dict)
    nullable: frozenset[str] = frozenset()

    def wrong(self, document: Mapping[str, Any]) -> list[str]:
        """What is wrong with a document."""
        every = {**self.required, **self.allowed}
        found = [f"{name} is missing" for name in self.required.keys() - document.keys()]
        for name, value in document.items():
            if name not in every:
                found.append(f"{name} is unknown")
            elif not (isinstance(value, every[name]) or (value is None and name in self.nullable)):
                found.append(f"{name} is {value!r}")
        return found


def _keys(names: str, kind: type) -> dict[str, type]:
    return dict.fromkeys(names.split(), kind)


_EXTERNAL: Final = {"is_managed_externally": bool, "external_url": str}

METADATA: Final = Keys({"version": str}, {"type": str, "timestamp": object})
DATABASE: Final = Keys(
    {**_keys("database_name sqlalchemy_uri uuid version", str), "extra": dict},
    {
        **_keys("password encrypted_extra masked_encrypted_extra configuration_method", str),
        **_keys("expose_in_sqllab allow_run_async allow_ctas allow_cvas allow_dml allow_csv_upload", bool),
        "impersonate_user": bool,
        "cache_timeout": int,
        "ssh_tunnel": dict,
        **_EXTERNAL,
    },
)
EXTRA: Final = Keys(
    {},
    {
        **_keys("metadata_params engine_params metadata_cache_timeout schema_options", dict),
        **_keys("cost_estimate_enabled allows_virtual_table_explore cancel_query_on_windows_unload", bool),
        **_keys("disable_data_preview disable_drill_to_detail allow_multi_catalog per_user_caching", bool),
        "schemas_allowed_for_csv_upload": list,
        "version": str,
    },
)
DATASET: Final = Keys(
    {**_keys("table_name uuid version database_uuid", str), **_keys("columns metrics", list)},
    {
        **_keys("main_dttm_col currency_code_column description default_endpoint schema catalog sql data", str),
        **_keys("source_db_engine fetch_values_predicate data_file", str),
        **_keys("filter_select_enabled normalize_columns always_filter_main_dttm", bool),
        **_keys("params template_params extra", dict),
        "offset": int,
        "cache_timeout": int,
        "folders": list,
        **_EXTERNAL,
    },
    nullable=frozenset({"main_dttm_col"}),
)
COLUMN: Final = Keys(
    {"column_name": str},
    {
        **_keys("verbose_name type advanced_data_type expression description python_date_format datetime_format", str),
        **_keys("is_dttm is_active groupby filterable", bool),
        "extra": dict,
    },
)
METRIC: Final = Keys(
    _keys("metric_name expression", str),
    {**_keys("verbose_name metric_type description d3format warning_text", str), **_keys("currency extra", dict)},
)
CHART: Final = Keys(
    {**_keys("slice_name viz_type uuid version dataset_uuid", str), "params": dict},
    {
        **_keys("description certified_by certification_details query_context", str),
        "cache_timeout": int,
        "tags": list,
        **_EXTERNAL,
    },
    nullable=frozenset({"query_context"}),
)
BOARD: Final = Keys(
    {**_keys("dashboard_title uuid version", str), **_keys("position metadata", dict)},
    {
        **_keys("description css slug certified_by certification_details theme_uuid", str),
        "published": bool,
        "tags": list,
        "theme_id": int,
        **_EXTERNAL,
    },
)
#: Of a dashboard's ``metadata``.
BOARD_METADATA: Final = Keys(
    {"native_filter_configuration": list},
    {
        **_keys("chart_configuration global_chart_configuration label_colors map_label_colors expanded_slices", dict),
        **_keys("filter_scopes positions native_filter_migration", dict),
        **_keys("chart_customization_config timed_refresh_immune_slices color_scheme_domain", list),
        **_keys("stagger_refresh cross_filters_enabled show_chart_timestamps", bool),
        **_keys("refresh_frequency stagger_time", int),
        **_keys("default_filters color_scheme color_namespace filter_bar_orientation", str),
    },
)

#: Superset keeps params as they come and leaves out what it does not know, so these are the ones that are meant.
_FILTERED: Final = {"viz_type": str, "adhoc_filters": list}
_NUMBER: Final = Keys(
    {**_FILTERED, "metric": str}, {"y_axis_format": str, "header_font_size": float, "subheader_font_size": float}
)
_TABLE: Final = {"row_limit": int, "table_timestamp_format": str, "show_cell_bars": bool}
_GROUPS: Final = Keys(
    {
        **_FILTERED,
        **_keys("groupby metrics", list),
        **_keys("query_mode timeseries_limit_metric", str),
        "order_desc": bool,
        "row_limit": int,
    },
    _TABLE,
)
_ROWS: Final = Keys(
    {**_FILTERED, "query_mode": str, **_keys("all_columns order_by_cols", list), "row_limit": int}, _TABLE
)
_SERIES: Final = Keys(
    {**_FILTERED, **_keys("x_axis time_grain_sqla", str), **_keys("metrics groupby", list), "row_limit": int},
    {
        **_keys("order_desc truncate_metric show_empty_columns rich_tooltip show_legend truncateYAxis", bool),
        **_keys("tooltipTimeFormat x_axis_time_format legendType legendOrientation y_axis_format orientation", str),
        "stack": str,
        "y_axis_bounds": list,
    },
)
_TIME_SERIES: Final = ("echarts_timeseries_line", "echarts_timeseries_bar", "echarts_area")

#: An adhoc filter: of a column, or SQL.
SIMPLE: Final = Keys(_keys("clause expressionType subject operator", str), {"comparator": str})
BY_SQL: Final = Keys(_keys("clause expressionType sqlExpression", str))

_GRAINS: Final = {"P1D": "day", "P1W": "week", "P1M": "month"}

#: What is asked of, in place of the last days.
SPAN: Final = ("2022-06-01", "2025-06-15")


def keys_of(params: Mapping[str, Any]) -> Keys:
    """Of the params of a chart."""
    if params["viz_type"] == "table":
        return {"aggregate": _GROUPS, "raw": _ROWS}[params["query_mode"]]
    return {"big_number_total": _NUMBER, **dict.fromkeys(_TIME_SERIES, _SERIES)}[params["viz_type"]]


def dataset_of(chart: Mapping[str, Any]) -> dict[str, Any]:
    (found,) = (one for one in DATASETS.values() if one["uuid"] == chart["dataset_uuid"])
    return found


def placed(board: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The charts of a dashboard, with the numbers that they have in it."""
    for one in board["position"].values():
        if isinstance(one, dict) and one["type"] == "CHART":
            (chart,) = (chart for chart in CHARTS.values() if chart["uuid"] == one["meta"]["uuid"])
            yield one["meta"]["chartId"], chart


def columns_shown(params: Mapping[str, Any]) -> list[str]:
    """Columns of the dataset, in the order in which they come back."""
    if params["viz_type"] == "big_number_total":
        return []
    if params["viz_type"] == "table":
        return list(params["all_columns" if params["query_mode"] == "raw" else "groupby"])
    return [params["x_axis"], *params["groupby"]]


def metrics_shown(params: Mapping[str, Any]) -> list[str]:
    """Metrics of the dataset, in the order in which they come back, after the columns."""
    return [params["metric"]] if "metric" in params else list(params.get("metrics", []))


def statement(chart: Mapping[str, Any]) -> str:
    """A chart as Superset asks it, but for the names of what is ordered by, and for the time."""
    dataset, params = dataset_of(chart), chart["params"]
    expressions = {one["metric_name"]: one["expression"] for one in dataset["metrics"]}
    columns = {name: f'"{name}"' for name in columns_shown(params)}
    if "x_axis" in params:
        columns[params["x_axis"]] = f"date_trunc('{_GRAINS[params['time_grain_sqla']]}', \"{params['x_axis']}\")"
    metrics = {name: expressions[name] for name in metrics_shown(params)}
    selected = ", ".join(f'{sql} AS "{name}"' for name, sql in {**columns, **metrics}.items())
    clauses = [f'SELECT {selected} FROM {dataset["schema"]}."{dataset["table_name"]}"']
    clauses += _conditions(params["adhoc_filters"], "WHERE")
    if columns and metrics:
        clauses.append(f"GROUP BY {', '.join(columns.values())}")
    clauses += _conditions(params["adhoc_filters"], "HAVING")
    order = ", ".join(f"{sql} {'ASC' if rises else 'DESC'}" for sql, rises in _order(params, expressions))
    return " ".join([*clauses, *([f"ORDER BY {order}"] if order else []), f"LIMIT {params.get('row_limit', 1000)}"])


def _order(params: Mapping[str, Any], expressions: Mapping[str, str]) -> list[tuple[str, bool]]:
    if params["viz_type"] == "big_number_total":
        return []
    if params.get("query_mode") == "raw":
        return [(f'"{name}"', rises) for name, rises in map(json.loads, params["order_by_cols"])]
    by = params.get("timeseries_limit_metric", params["metrics"][0])
    return [(expressions[by], not params["order_desc"])]


def _conditions(filters: list[dict[str, Any]], clause: str) -> list[str]:
    found = " AND ".join(f"({condition(one)})" for one in filters if one["clause"] == clause)
    return [f"{clause} {found}"] if found else []


def condition(one: Mapping[str, Any]) -> str:
    """An adhoc filter as SQL."""
    if one["expressionType"] == "SQL":
        return str(one["sqlExpression"])
    match one["operator"]:
        case "==":
            return f"\"{one['subject']}\" = '{one['comparator']}'"
        case "IS FALSE":
            return f'"{one["subject"]}" IS false'
        case "TEMPORAL_RANGE":
            return f"\"{one['subject']}\" >= '{SPAN[0]}' AND \"{one['subject']}\" < '{SPAN[1]}'"
        case other:
            raise ValueError(f"operator {other}: not one that the bundle has; add what Superset makes of it")
