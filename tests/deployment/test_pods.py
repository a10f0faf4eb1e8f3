"""What runs in the cluster is contained, probed, limited, and has the time that it needs to end."""

from app import __version__
from tests.deployment.manifests import Manifest, containers, deployment, mebibytes, ours, pod, settings_of, workloads

#: Longest that requests under way, and running reports, may take after SIGTERM, seconds.
DRAIN_SECONDS = {"api": 15, "worker": 60}

#: What the program itself may need beside its reports, MiB: about 180 for it and 150 for the fork server, and reserve.
PROGRAM_MEBIBYTES = 512


def test_nobody_is_root_and_nothing_can_be_written_but_what_is_mounted(overlay: list[Manifest]) -> None:
    for workload in workloads(overlay):
        security = pod(workload)["securityContext"]
        assert security["runAsNonRoot"]
        assert security["runAsUser"] >= 999
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(workload):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_pods_know_neither_the_cluster_nor_its_services(overlay: list[Manifest]) -> None:
    for workload in workloads(overlay):
        assert pod(workload)["automountServiceAccountToken"] is False
        assert pod(workload)["enableServiceLinks"] is False


def test_every_folder_in_the_pod_has_a_limit(overlay: list[Manifest]) -> None:
    for workload in workloads(overlay):
        volumes = {volume["name"]: volume for volume in pod(workload)["volumes"]}
        assert all("sizeLimit" in volume["emptyDir"] for volume in volumes.values())
        mounts = {mount["mountPath"]: mount["name"] for mount in pod(workload)["containers"][0]["volumeMounts"]}
        assert mounts["/tmp"] in volumes  # noqa: S108 - a path in a container


def test_every_image_has_a_version(overlay: list[Manifest]) -> None:
    for workload in workloads(overlay):
        for container in containers(workload):
            name, _, tag = container["image"].rpartition(":")
            assert name
            assert tag[0].isdigit()


def test_our_image_is_of_this_version(overlay: list[Manifest]) -> None:
    for workload in ours(overlay):
        assert pod(workload)["containers"][0]["image"].endswith(f"openhours:{__version__}")


def test_every_container_has_requests_and_limits(overlay: list[Manifest]) -> None:
    for workload in workloads(overlay):
        for container in containers(workload):
            for bound in ("requests", "limits"):
                assert set(container["resources"][bound]) == {"cpu", "memory"}


def test_the_memory_of_a_worker_holds_all_reports_that_may_run_in_it(overlay: list[Manifest]) -> None:
    settings = settings_of(overlay)
    reports = int(settings["OPENHOURS_SLOTS"]) * int(settings["OPENHOURS_REPORT_MEMORY_LIMIT_MB"])
    (container,) = containers(deployment(overlay, "worker"))
    assert mebibytes(container["resources"]["limits"]["memory"]) >= reports + PROGRAM_MEBIBYTES


def test_both_roles_are_probed(overlay: list[Manifest]) -> None:
    for role, port in (("api", "http"), ("worker", "health")):
        (container,) = containers(deployment(overlay, role))
        for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            assert container[probe]["httpGet"] == {"path": path, "port": port}
        startup = container["startupProbe"]
        assert startup["periodSeconds"] * startup["failureThreshold"] >= 60


def test_pods_have_longer_to_end_than_they_take(overlay: list[Manifest]) -> None:
    for role, drain in DRAIN_SECONDS.items():
        (container,) = containers(deployment(overlay, role))
        wait = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        assert pod(deployment(overlay, role))["terminationGracePeriodSeconds"] > wait + drain + 15
    (api,) = containers(deployment(overlay, "api"))
    assert api["lifecycle"]["preStop"]["sleep"]["seconds"] > 0


def test_a_roll_out_takes_no_replica_away_before_its_successor_is_ready(overlay: list[Manifest]) -> None:
    for role in DRAIN_SECONDS:
        assert deployment(overlay, role)["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        assert "replicas" not in deployment(overlay, role)["spec"], "it would undo what the autoscaler does"
