"""One ``docker compose up`` starts everything, in order and contained."""

import re
from pathlib import Path

import pytest
import yaml

from app import __version__
from app.embedded.programs import OPTIONS
from app.ingest.registry import DATASET_KINDS
from tests.commands import REPOSITORY
from tests.deployment.compose import Service, command, ours, services, variables
from tests.deployment.manifests import K8S, of_kind, pod

#: Services that run until they have done their work.
JOBS = {"migrate", "bucket", "sample-data", "load", "dashboards-role"}

#: Services of the profile `cluster`.
CLUSTER = {"dask-scheduler", "dask-worker"}

#: Services of the profile `dashboards` that run beside ours.
DASHBOARDS = {"grafana", "prometheus"}

SERVICES = services()
RUNNING = sorted(set(SERVICES) - JOBS)


def awaited(service: Service) -> dict[str, str]:
    return {name: one["condition"] for name, one in service.get("depends_on", {}).items()}


def seconds(duration: str) -> int:
    assert duration.endswith("s")
    return int(duration[:-1])


def test_two_replicas_of_each_role_stand_beside_nginx_and_the_three_servers() -> None:
    assert set(SERVICES) == {"nginx", "api", "worker", "postgres", "redis", "s3"} | JOBS | CLUSTER | DASHBOARDS
    assert SERVICES["api"]["deploy"]["replicas"] == SERVICES["worker"]["deploy"]["replicas"] == 2
    assert command(SERVICES["api"]) == ["serve", "--slots", "0"]
    assert command(SERVICES["worker"]) == ["worker"]
    assert command(SERVICES["migrate"]) == ["migrate"]


def test_the_s3_endpoint_of_compose_and_of_the_trial_is_told_what_the_embedded_one_is() -> None:
    trial = list(yaml.safe_load_all((K8S / "overlays/dev/s3.yaml").read_text(encoding="utf-8")))
    (workload,) = of_kind(trial, "StatefulSet")
    (container,) = pod(workload)["containers"]
    for words in (command(SERVICES["s3"]), container["args"]):
        assert [word for word in words if not word.startswith(("--addr=", "/"))] == ["serve", "s3", *OPTIONS]


def test_each_starts_when_what_it_needs_is_there() -> None:
    for role in ("api", "worker"):
        assert awaited(SERVICES[role]) == {
            "migrate": "service_completed_successfully",
            "redis": "service_healthy",
            "s3": "service_healthy",
        }
    assert awaited(SERVICES["nginx"]) == {"api": "service_healthy"}
    assert awaited(SERVICES["migrate"]) == {"postgres": "service_healthy"}
    assert awaited(SERVICES["s3"]) == {"bucket": "service_completed_successfully"}
    assert awaited(SERVICES["grafana"]) == {"dashboards-role": "service_completed_successfully"}
    for job in ("sample-data", "load", "dashboards-role"):
        assert awaited(SERVICES[job]) == {"migrate": "service_completed_successfully"}


def test_a_cluster_is_run_only_by_its_profile_and_used_only_if_it_is_named() -> None:
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["cluster"]} == CLUSTER
    assert command(SERVICES["dask-scheduler"]) == ["dask-scheduler", "--without-tls"]
    assert command(SERVICES["dask-worker"]) == ["dask-worker", "--health-port", "8787"]
    assert awaited(SERVICES["dask-worker"]) == {"dask-scheduler": "service_healthy", "s3": "service_healthy"}
    assert not any(service["environment"]["OPENHOURS_DASK_SCHEDULER"] for service in ours().values())
    assert {service["build"]["args"]["EXTRA"] for service in ours().values()} == {""}


def test_dashboards_are_run_only_by_their_profile_and_read_by_the_role_that_the_job_makes() -> None:
    ran = {name for name, service in SERVICES.items() if service.get("profiles") == ["dashboards"]}
    assert ran == DASHBOARDS | {"dashboards-role"}
    made, reads = (SERVICES[name]["environment"] for name in ("dashboards-role", "grafana"))
    for name in ("VIEWS_ROLE", "VIEWS_PASSWORD"):
        assert made[name] == reads[name] != ""
    (script,) = SERVICES["dashboards-role"]["command"]
    assert script == (
        'openhours dashboards role "$$VIEWS_ROLE" --password-env VIEWS_PASSWORD && openhours dashboards refresh'
    )
    assert not any(service["environment"]["OPENHOURS_METRICS"] for service in ours().values())


def test_the_memory_of_a_worker_of_the_cluster_holds_a_piece_its_files_and_the_program() -> None:
    piece = int(SERVICES["dask-worker"]["environment"]["OPENHOURS_REPORT_MEMORY_LIMIT_MB"])
    (folder,) = SERVICES["dask-worker"]["tmpfs"]
    assert "size=1g" in folder
    assert SERVICES["dask-worker"]["deploy"]["resources"]["limits"]["memory"] == "3g"
    assert piece + 1024 + 512 <= 3 * 1024


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_contained(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert all("size=" in folder for folder in service["tmpfs"])
    assert "max-size" in service["logging"]["options"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_version(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+(\.\d+)?", SERVICES[name]["image"])


def test_our_image_is_of_this_version() -> None:
    assert {service["image"] for service in ours().values()} == {f"openhours:{__version__}"}


@pytest.mark.parametrize("name", RUNNING)
def test_what_runs_is_checked_and_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@pytest.mark.parametrize("name", sorted(JOBS))
def test_jobs_run_once(name: str) -> None:
    assert SERVICES[name]["restart"] == "no"


def test_what_is_mounted_from_the_repository_exists_and_cannot_be_written() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source, target, *mode = volume.split(":")
            assert target.startswith("/")
            if source.startswith("."):
                assert (REPOSITORY / source).exists()
                assert mode == ["ro"]


def test_the_sample_job_loads_every_sample_file_as_the_kind_that_it_is_named_for() -> None:
    (script,) = SERVICES["sample-data"]["command"]
    loops = re.findall(
        r"^for kind in ([a-z_ ]+); do openhours load \$\$kind /data/([a-z_]*)\$\$kind\.csv; done$",
        script,
        re.MULTILINE,
    )
    kinds = [(kind, prefix) for names, prefix in loops for kind in names.split()]
    files = sorted(path.stem for path in (REPOSITORY / "sample_data").glob("*.csv"))
    assert sorted(prefix + kind for kind, prefix in kinds) == files
    assert {kind for kind, _ in kinds} <= set(DATASET_KINDS)


def test_only_nginx_s3_and_grafana_are_reachable_and_from_this_machine_only() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {
        "nginx": ["127.0.0.1:8000:8080"],
        "s3": ["127.0.0.1:9000:9000"],
        "grafana": ["127.0.0.1:3000:3000"],
    }
    assert {name for name, service in SERVICES.items() if "outside" in service["networks"]} == set(published)


def test_links_are_signed_for_the_address_at_which_s3_is_published() -> None:
    for service in ours().values():
        assert service["environment"]["OPENHOURS_S3_PUBLIC_URL"] == "http://localhost:9000"
        assert service["environment"]["OPENHOURS_S3_ENDPOINT_URL"] == "http://s3:9000"


def test_redis_keeps_what_it_is_given() -> None:
    words = SERVICES["redis"]["command"]
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "everysec"
    assert options["--maxmemory-policy"] == "noeviction"


def test_replicas_have_longer_to_end_than_they_take() -> None:
    assert seconds(SERVICES["api"]["stop_grace_period"]) > 5 + 15
    assert seconds(SERVICES["worker"]["stop_grace_period"]) >= 60 + 15


def test_the_memory_of_a_worker_holds_all_reports_their_files_and_the_program() -> None:
    environment = SERVICES["worker"]["environment"]
    reports = int(environment["OPENHOURS_SLOTS"]) * int(environment["OPENHOURS_REPORT_MEMORY_LIMIT_MB"])
    assert SERVICES["worker"]["deploy"]["resources"]["limits"]["memory"] == "3g"
    assert reports + 512 + 512 <= 3 * 1024


def test_every_variable_is_explained_at_the_top() -> None:
    head = (Path(REPOSITORY) / "docker-compose.yml").read_text(encoding="utf-8").split("\nname:")[0]
    for name in variables():
        assert name in head
