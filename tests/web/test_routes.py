"""Applications of one process share what FastAPI works out of their routes; each has the document of its own routes."""

from app.storage.resources import Resources
from app.web.application import create_app


def test_applications_with_the_same_routes_share_their_document(resources: Resources) -> None:
    first, second = create_app(resources, slots=0), create_app(resources, slots=0)
    assert first.openapi() is second.openapi()
    assert "/trigger_report" in first.openapi()["paths"]


def test_the_health_port_of_a_worker_documents_its_own_routes(resources: Resources) -> None:
    paths = create_app(resources, slots=0, api=False).openapi()["paths"]
    assert {"/livez", "/readyz", "/metrics"} <= paths.keys()
    assert "/trigger_report" not in paths
