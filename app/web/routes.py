"""All routes, put together once for a process: to work out what each takes costs FastAPI longer than most requests."""

from types import ModuleType
from typing import Final

from fastapi import APIRouter, Depends

from app.routers import (
    activity,
    activity_gaps,
    calendars,
    datasets,
    deliveries,
    entities,
    entity_history,
    files,
    health,
    holidays,
    in_hours,
    mappings,
    metrics,
    metrics_definitions,
    report_entities,
    reports,
    rules,
    schedules,
    source_events,
    sources,
    timezones,
    uploads,
    webhooks,
)
from app.routers.access import audit, keys, login, me, second_factor, sessions, setup, single_sign_on, users
from app.routers.bodies import MAX_BODY_BYTES
from app.routers.compat import activity as founding_activity
from app.routers.compat import client_credentials, csv_aggregation, password_login, samples
from app.routers.malformed import require_names_once


def _together(*modules: ModuleType) -> APIRouter:
    together = APIRouter(
        generate_unique_id_function=lambda route: route.name,
        max_body_size=MAX_BODY_BYTES,
        dependencies=[Depends(require_names_once)],
    )
    for module in modules:
        together.include_router(module.router)
    return together


#: What a worker has for its health port, and what every replica has.
PROBES: Final = _together(health, metrics)
API: Final = _together(
    *(
        reports,
        report_entities,
        datasets,
        uploads,
        entity_history,
        entities,
        calendars,
        holidays,
        timezones,
        health,
        metrics,
    ),
    *(
        files,
        mappings,
        metrics_definitions,
        sources,
        source_events,
        schedules,
        webhooks,
        deliveries,
        rules,
        in_hours,
        activity_gaps,
    ),
    *(audit, users, keys, sessions, me, second_factor, login, setup, single_sign_on),
    *(client_credentials, password_login, csv_aggregation, samples),
    *(founding_activity, activity),
)
