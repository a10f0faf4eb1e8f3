"""What Prometheus scrapes."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from app.access.scopes import Scope
from app.routers.dependencies import AllServices
from app.routers.needs import needs

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE_LATEST: {}}}})
@needs(Scope.METRICS_READ)
def metrics(services: AllServices) -> Response:
    """Metrics of this replica and of the whole installation, in the Prometheus text format."""
    text = generate_latest(REGISTRY) + generate_latest(services.installation)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
