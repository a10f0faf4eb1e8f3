"""Every variable that a deployment sets is read by somebody, and every setting is set or left alone for a reason."""

import re

import pytest
import yaml

from app.settings import Settings
from tests.commands import REPOSITORY
from tests.deployment.compose import ours as our_services
from tests.deployment.compose import services
from tests.deployment.manifests import Manifest, containers, ours, settings_of, workloads

SETTINGS = {f"OPENHOURS_{name.upper()}" for name in Settings.model_fields}

#: Read by boto3.
AWS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}

#: Read by other programs: Python, the shell, and the servers' images.
OTHERS = {
    *("PATH", "HOME", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"),
    *("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "REDISCLI_AUTH"),
    *("RCLONE_AUTH_KEY", "RCLONE_CONFIG", "PASSWORD"),
    *("VIEWS_ADDRESS", "VIEWS_DATABASE", "VIEWS_PASSWORD", "VIEWS_ROLE", "VIEWS_SSLMODE", "PROMETHEUS_URL"),
    *("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "GF_ANALYTICS_CHECK_FOR_UPDATES", "GF_ANALYTICS_REPORTING_ENABLED"),
    *("GF_PLUGINS_PREINSTALL_DISABLED", "GF_SECURITY_ADMIN_PASSWORD", "GF_SECURITY_DISABLE_GRAVATAR"),
    "GF_USERS_ALLOW_SIGN_UP",
}

#: In the Secret, which is not in the repository.
SECRET = {
    *("OPENHOURS_DATABASE_URL", "OPENHOURS_REDIS_URL", *AWS),
    *("OPENHOURS_SECRET_KEY", "OPENHOURS_SETUP_CODE", "OPENHOURS_OIDC_CLIENT_SECRET"),
    "OPENHOURS_SMTP_URL",
}

#: Settings that the base leaves alone, and why.
LEFT_ALONE = {
    "OPENHOURS_MAX_CLIENT_UPLOAD_BYTES": "unset means four times the largest upload, which is set",
    "OPENHOURS_UNPACK_FLOOR_BYTES": "the ratio above it is what protects",
    "OPENHOURS_POLL_RETENTION_DAYS": "unset keeps polls; whoever wants them dropped says after how long",
    "OPENHOURS_WEBHOOK_ALLOW": "only where receivers of webhooks are inside",
    "OPENHOURS_MAIL_FROM": "only with a mail server, whose address is in the Secret",
    "OPENHOURS_MAIL_DOMAINS": "only with a mail server",
    "OPENHOURS_MAIL_ATTACHMENT_BYTES": "the default is right",
    "OPENHOURS_DELIVERY_DAYS": "the default is right",
    "OPENHOURS_SEAL_AFTER_DAYS": "the default is right; never is for the time of an upgrade",
    "OPENHOURS_BOT_LOGINS": "only where a bot has the login of a person",
    "OPENHOURS_INCIDENT_LABELS": "only where issues have labels of incidents",
    "OPENHOURS_INCIDENT_HOURS": "the default is right, where there are labels of incidents",
    "OPENHOURS_SECRETS_FOLDER": "only where tokens of sources are files",
    "OPENHOURS_SYNC_SECONDS": "the default is right; what is left over is read by another sync",
    "OPENHOURS_SYNC_REQUESTS": "as before",
    "OPENHOURS_SYNC_RECORDS": "as before",
    "OPENHOURS_HOME": "the embedded servers are not in the image",
    "OPENHOURS_HOST": "set in the image",
    "OPENHOURS_PORT": "the manifests know it",
    "OPENHOURS_HEALTH_PORT": "the manifests know it",
    "OPENHOURS_S3_ENDPOINT_URL": "set by each overlay",
    "OPENHOURS_PUBLIC_URL": "set by each overlay",
    "OPENHOURS_API_KEY": "clients read it",
    "OPENHOURS_METRICS": "Prometheus has a key",
    "OPENHOURS_FOUNDING_LOGINS": "only where clients of earlier systems log in",
    "OPENHOURS_DOWNLOADS": "users reach the bucket",
    "OPENHOURS_LINK_TTL_SECONDS": "five minutes, because access is on",
    "OPENHOURS_KEYS_MAY_LAST": "keys end, unless whoever runs it wants otherwise",
    "OPENHOURS_SECOND_FACTOR_ROLES": "only where somebody must have a second factor",
    **dict.fromkeys(
        (f"OPENHOURS_PROXY_{name}" for name in ("USER_HEADER", "GROUPS_HEADER", "ROLES")),
        "only where a proxy names the user",
    ),
    **dict.fromkeys(
        (f"OPENHOURS_OIDC_{name}" for name in ("ISSUER", "CLIENT_ID", "GROUPS_CLAIM", "ROLES", "SCOPES")),
        "only where a provider logs users in",
    ),
    **dict.fromkeys(
        (f"OPENHOURS_DASK_{name}" for name in ("SCHEDULER", "TLS_CA_FILE", "TLS_CERT_FILE", "TLS_KEY_FILE")),
        "set by the component cluster",
    ),
    "OPENHOURS_DASK_TIMEOUT_SECONDS": "only where there is a cluster",
    "OPENHOURS_ROOT_PATH": "the Ingress serves the API at the root",
    "OPENHOURS_CORS_ORIGINS": "only where pages of other origins use the API",
    "OPENHOURS_S3_PUBLIC_URL": "only where users reach S3 at another address",
}


def in_dockerfile() -> set[str]:
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    return set(re.findall(r"(?:ENV |^ {4})([A-Z_]+)=", text, re.MULTILINE))


def test_the_dockerfile_sets_what_is_read() -> None:
    assert "OPENHOURS_HOST" in in_dockerfile()
    assert in_dockerfile() <= SETTINGS | OTHERS


def test_compose_sets_what_is_read() -> None:
    for service in our_services().values():
        assert set(service["environment"]) <= SETTINGS | AWS | {"VIEWS_ROLE", "VIEWS_PASSWORD"}
    for service in services().values():
        assert set(service.get("environment", {})) <= SETTINGS | AWS | OTHERS


def test_the_manifests_set_what_is_read(overlay: list[Manifest]) -> None:
    assert set(settings_of(overlay)) <= SETTINGS
    for workload in workloads(overlay):
        for container in containers(workload):
            assert {variable["name"] for variable in container.get("env", [])} <= OTHERS


def test_what_is_set_is_accepted(overlay: list[Manifest], monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings_of(overlay)
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    for name in found:
        value = getattr(settings, name.removeprefix("OPENHOURS_").lower())
        written = str(value).lower() if isinstance(value, bool) else str(value).removesuffix(".0")
        assert written == found[name]


def test_ours_reads_the_settings_and_the_secret(overlay: list[Manifest]) -> None:
    for workload in ours(overlay):
        for container in containers(workload):
            config, secret = container["envFrom"]
            assert config["configMapRef"]["name"].startswith("openhours-"), "with the hash of its content"
            assert secret == {"secretRef": {"name": "openhours"}}


def test_every_setting_is_set_or_left_alone_for_a_reason(overlay: list[Manifest]) -> None:
    base = yaml.safe_load((REPOSITORY / "k8s/base/kustomization.yaml").read_text(encoding="utf-8"))
    literals = {literal.partition("=")[0] for literal in base["configMapGenerator"][0]["literals"]}
    assert not literals & set(LEFT_ALONE)
    assert literals | set(LEFT_ALONE) | SECRET == SETTINGS | AWS
    assert {"OPENHOURS_S3_ENDPOINT_URL", "OPENHOURS_PUBLIC_URL"} <= set(settings_of(overlay))


def test_no_deployment_lets_in_anybody(overlay: list[Manifest]) -> None:
    assert settings_of(overlay)["OPENHOURS_AUTH"] == "on"
    for service in our_services().values():
        assert service["environment"]["OPENHOURS_AUTH"] == "on"


def test_no_secret_is_in_the_repository(overlay: list[Manifest]) -> None:
    assert not [one for one in overlay if one["kind"] == "Secret"]
    assert not SECRET & set(settings_of(overlay))
