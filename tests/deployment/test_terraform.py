"""deploy/terraform: what it says is whole, closed by default, and makes of the manifests what it is asked for."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from app import __version__
from tests.commands import REPOSITORY
from tests.deployment.manifests import (
    COMPONENTS,
    Manifest,
    containers,
    name_of,
    of_kind,
    ours,
    pod,
    settings_of,
    workloads,
)
from tests.deployment.terraform import (
    FILES,
    FOLDERS,
    MODULES,
    TERRAFORM,
    blocks,
    expressions,
    local_values,
    of_type,
    tables,
    texts,
    written,
)
from tests.deployment.test_environment import AWS, SECRET, SETTINGS
from tests.deployment.test_schemas import accepted

PROGRAMS = ("terraform", "tofu")

#: How an expression refers to something of its own folder.
REFERENCE = re.compile(
    r"(?<![\w.])((?:data|ephemeral)\.\w+\.\w+|(?:var|local|module)\.\w+|(?:aws|kubernetes|kustomization)_\w+\.\w+)"
)

#: Attributes that a provider keeps in the state, with the value.
KEPT = {"password", "auth_token", "secret_string", "data", "binary_data"}

#: What the bucket is asked, as boto3 names it, and the action that has to be allowed; the bucket is there already.
ACTIONS = {
    "abort_multipart_upload": "s3:AbortMultipartUpload",
    "complete_multipart_upload": "s3:PutObject",
    "create_bucket": None,
    "create_multipart_upload": "s3:PutObject",
    "delete_object": "s3:DeleteObject",
    "delete_objects": "s3:DeleteObject",
    "get_object": "s3:GetObject",
    "head_bucket": "s3:ListBucket",
    "head_object": "s3:GetObject",
    "list_multipart_uploads": "s3:ListBucketMultipartUploads",
    "list_objects_v2": "s3:ListBucket",
    "list_parts": "s3:ListMultipartUploadParts",
    "put_object": "s3:PutObject",
    "upload_file": "s3:PutObject",
    "upload_part": "s3:PutObject",
}

GIVEN: dict[str, Any] = {
    "image": "registry.example.com/team/openhours",
    "host": "hours.example.org",
    "ingress_class": "internal",
    "ingress_namespace": "edge",
    "tls_secret": "hours-tls",
    "s3": {"endpoint_url": "https://s3.eu-west-1.amazonaws.com", "region": "eu-west-1", "bucket": "hours-example"},
    "servers": {
        "postgres": {"networks": ["10.20.1.0/24", "10.20.2.0/24"], "port": 5432},
        "redis": {"networks": ["10.20.3.7/32"], "port": 6380},
    },
    "secret_version": 3,
    "service_account_annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/openhours"},
    "postgres_ca": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "settings": {"OPENHOURS_RETENTION_DAYS": "90", "OPENHOURS_TEAM_HOURS": "Mon-Fri 08:00-16:00, Sat 10:00-12:00"},
    "components": [],
}


SECRETS = {"OPENHOURS_DATABASE_URL": "postgresql://hush", "OPENHOURS_REDIS_URL": "rediss://hush"}


def program() -> str:
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    pytest.skip("neither terraform nor tofu is installed; they are what evaluates the values")


def run(folder: Path, *arguments: str, secret: dict[str, str]) -> subprocess.CompletedProcess[str]:
    variables = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_VAR_secret": json.dumps(secret)}
    command = [program(), *arguments, "-no-color"]
    return subprocess.run(command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module for Kubernetes without its resources, which need a cluster: its values need nothing."""
    top = tmp_path_factory.mktemp("terraform")
    folder = top / "deploy/terraform/kubernetes"
    folder.mkdir(parents=True)
    shutil.copytree(REPOSITORY / "k8s", top / "k8s")
    for name in ("variables.tf", "overlay.tf"):
        shutil.copy(TERRAFORM / "kubernetes" / name, folder)
    (folder / "test.tf").write_text('output "overlay" {\n  value = local.overlay\n}\n')
    done = run(folder, "init", secret={})
    assert done.returncode == 0, done.stderr
    return folder


def evaluated(module: Path, **changes: Any) -> subprocess.CompletedProcess[str]:
    """The overlay as JSON; or the refusal."""
    variables = GIVEN | {"secret": SECRETS} | changes
    secret = variables.pop("secret")
    (module / "test.auto.tfvars.json").write_text(json.dumps(variables))
    done = run(module, "apply", "-auto-approve", "-input=false", secret=secret)
    return run(module, "output", "-json", "overlay", secret=secret) if done.returncode == 0 else done


def applied(module: Path, **changes: Any) -> list[Manifest]:
    """What the module would apply, rendered as its provider does, by kustomize."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed; it is what renders the overlay")
    done = evaluated(module, **changes)
    assert done.returncode == 0, done.stderr
    (module / "kustomization.yaml").write_text(yaml.safe_dump(kustomization(json.loads(done.stdout))))
    command = [kubectl, "kustomize", "--load-restrictor", "LoadRestrictionsNone", "."]
    rendered = subprocess.run(command, cwd=module, capture_output=True, text=True, check=False)
    assert rendered.returncode == 0, rendered.stderr
    return list(yaml.safe_load_all(rendered.stdout))


@pytest.fixture(scope="module")
def manifests(module: Path) -> list[Manifest]:
    """What the module makes of what is given above."""
    return applied(module)


def kustomization(overlay: dict[str, Any]) -> dict[str, Any]:
    """What main.tf tells its provider, as kustomize reads it."""
    image = overlay["images"]
    named = {"name": image["name"], "newName": image["new_name"], "newTag": image["new_tag"], "digest": image["digest"]}
    return {
        "resources": overlay["resources"],
        "components": overlay["components"],
        "images": [{key: value for key, value in named.items() if value is not None}],
        "configMapGenerator": [one | {"namespace": "openhours"} for one in overlay["config_maps"]],
        "patches": [
            {"path": overlay["sizes"]},
            *(
                {
                    "target": {key: one[key] for key in ("kind", "name") if one[key] is not None},
                    "patch": one["patch"],
                }
                for one in overlay["patches"]
            ),
        ],
    }


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_has_nothing_to_format(name: str) -> None:
    if (found := shutil.which(name)) is None:
        pytest.skip(f"{name} is not installed")
    command = [found, "fmt", "-check", "-recursive", "-diff", str(TERRAFORM)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TERRAFORM)))
def test_lines_are_as_formatters_leave_them(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    for line in text.splitlines():
        assert line == line.rstrip()
        assert "\t" not in line
        assert (len(line) - len(line.lstrip())) % 2 == 0


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_variable_says_what_it_is(folder: str) -> None:
    assert of_type(folder, "variable")
    for name, body in of_type(folder, "variable").items():
        assert {"description", "type"} <= set(body), name
        assert body["description"].endswith("."), name


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_output_says_what_it_is(folder: str) -> None:
    assert of_type(folder, "output")
    for name, body in of_type(folder, "output").items():
        assert body["description"].endswith("."), name


@pytest.mark.parametrize("folder", MODULES)
def test_the_page_of_a_module_has_its_variables_and_outputs(folder: str) -> None:
    page = (TERRAFORM / folder / "README.md").read_text(encoding="utf-8")
    assert len(tables(folder).splitlines()) > 10
    assert written(folder) == page, "run `make docs`"


def own(folder: str) -> set[str]:
    """What expressions of a folder can refer to."""
    named = {block.address for block in blocks(folder) if block.labels and block.type != "output"}
    return named | {f"local.{name}" for name in local_values(folder)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_referred_to_is_there(folder: str) -> None:
    referred = set(REFERENCE.findall(expressions([block.body for block in blocks(folder)])))
    assert len(referred) > 1
    assert referred <= own(folder)


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_declared_is_referred_to(folder: str) -> None:
    referred = {
        reference
        for block in blocks(folder)
        for reference in REFERENCE.findall(expressions(block.body))
        if reference != block.address  # as a variable's own validation
    }
    declared = {name for name in own(folder) if name.startswith(("var.", "local.", "data.", "ephemeral."))}
    assert declared <= referred


@pytest.mark.parametrize("folder", FOLDERS)
def test_versions_have_a_lower_and_an_upper_bound(folder: str) -> None:
    (said,) = (block.body for block in blocks(folder) if block.type == "terraform")
    (providers,) = said["required_providers"]
    versions = [said["required_version"], *(one["version"] for one in providers.values())]
    assert all(re.fullmatch(r"~> \d+\.\d+(\.\d+)?|>= [\d.]+, < [\d.]+", version) for version in versions)
    used = {
        block.labels[0].partition("_")[0] for block in blocks(folder) if block.type in {"resource", "data", "ephemeral"}
    }
    assert used | set(of_type(folder, "provider")) <= set(providers)


def test_an_example_has_the_versions_of_the_modules_that_it_calls() -> None:
    def providers(folder: str) -> dict[str, Any]:
        (said,) = (block.body for block in blocks(folder) if block.type == "terraform")
        found: dict[str, Any] = said["required_providers"][0]
        return found

    assert providers("examples/kubernetes") == providers("kubernetes")
    assert providers("examples/aws") == providers("aws") | providers("kubernetes")


@pytest.mark.parametrize("example", ["examples/aws", "examples/kubernetes"])
def test_an_example_gives_what_modules_need_and_takes_what_they_have(example: str) -> None:
    called = of_type(example, "module")
    sources = {name: body["source"].removeprefix("../../") for name, body in called.items()}
    assert sources
    for name, body in called.items():
        variables = of_type(sources[name], "variable")
        given = set(body) - {"source"}
        assert {one for one, said in variables.items() if "default" not in said} <= given <= set(variables)
    for name, output in re.findall(r"module\.(\w+)\.(\w+)", expressions([block.body for block in blocks(example)])):
        assert output in of_type(sources[name], "output")


def test_what_a_plan_of_the_manifests_needs_is_known_before_anything_is_made() -> None:
    """Otherwise the provider could not tell how many manifests there are, and the first plan would fail."""
    outputs = of_type("aws", "output")
    values = local_values("aws")
    taken = set(re.findall(r"module\.aws\.(\w+)", expressions([b.body for b in blocks("examples/aws")])))
    taken -= {name for name, body in outputs.items() if body.get("ephemeral")}
    assert {"s3", "servers", "service_account_annotations"} <= taken
    for name in taken:
        assert "depends_on" not in outputs[name]
        text = expressions(outputs[name]["value"])
        for local in re.findall(r"local\.(\w+)", text):
            text += expressions([values[local]])
        assert not re.search(r"(?<!data\.)\baws_\w+\.\w+", text), name


def test_nothing_that_is_secret_is_kept_in_a_state() -> None:
    for folder in FOLDERS:
        for block in blocks(folder):
            if block.type == "resource":
                assert not KEPT & set(block.body), block.address
                assert block.labels[0] != "random_password"
        for kind in ("variable", "output"):
            for name, body in of_type(folder, kind).items():
                is_secret = name == "secret" or bool(re.search(r"local\.passwords|ephemeral\.", expressions(body)))
                assert (body.get("sensitive"), body.get("ephemeral")) == ((True, True) if is_secret else (None, None))
    assert of_type("aws", "output")["database_url"]["sensitive"]
    assert of_type("kubernetes", "variable")["secret"]["ephemeral"]


def test_what_is_ephemeral_is_so_as_a_whole() -> None:
    """An object of ephemeral texts is not an ephemeral value, and is refused."""
    ephemeral = {name: body["value"] for name, body in of_type("aws", "output").items() if body.get("ephemeral")}
    assert set(ephemeral) == {"database_url", "redis_url", "secret_key"}
    assert all(isinstance(value, str) for value in ephemeral.values())


def test_nothing_is_open_to_the_world() -> None:
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"0\.0\.0\.0/0|::/0|cidr_ipv|cidr_blocks|public-read", text), file.name
    resources = of_type("aws", "resource")
    assert not any("egress" in name for name in resources)
    for name, body in resources.items():
        if name.startswith("aws_security_group."):
            assert not {"ingress", "egress"} & set(body)
    rule = resources["aws_vpc_security_group_ingress_rule.servers"]
    assert "var.client_security_group_ids" in rule["referenced_security_group_id"]
    assert resources["aws_db_instance.postgres"]["publicly_accessible"] is False
    block = resources["aws_s3_bucket_public_access_block.openhours"]
    assert [block[name] for name in block if name != "bucket"] == [True] * 4


def test_everything_is_encrypted_by_the_one_key() -> None:
    resources = of_type("aws", "resource")
    key = "${aws_kms_key.openhours.arn}"
    for kind in ("aws_db_instance.postgres", "aws_elasticache_replication_group.redis"):
        assert resources[kind]["kms_key_id"] == key
    for name in ("passwords", "secret_key"):
        assert resources[f"aws_secretsmanager_secret.{name}"]["kms_key_id"] == key
    assert resources["aws_db_instance.postgres"]["storage_encrypted"] is True
    redis = resources["aws_elasticache_replication_group.redis"]
    assert redis["at_rest_encryption_enabled"] is redis["transit_encryption_enabled"] is True
    assert redis["transit_encryption_mode"] == "required"
    (rule,) = resources["aws_s3_bucket_server_side_encryption_configuration.openhours"]["rule"]
    assert rule["apply_server_side_encryption_by_default"] == [{"sse_algorithm": "aws:kms", "kms_master_key_id": key}]
    assert resources["aws_kms_key.openhours"]["enable_key_rotation"] is True


def test_connections_are_encrypted_and_know_whom_they_reach() -> None:
    outputs = of_type("aws", "output")
    assert "sslmode=verify-full&sslrootcert=${var.postgres_ca_file}" in outputs["database_url"]["value"]
    assert outputs["redis_url"]["value"].startswith("rediss://")
    postgres = {
        one["name"]: one["value"] for one in of_type("aws", "resource")["aws_db_parameter_group.postgres"]["parameter"]
    }
    assert postgres["rds.force_ssl"] == "1"
    (denied,) = texts(of_type("aws", "resource")["aws_s3_bucket_policy.openhours"]["policy"])
    assert '"aws:SecureTransport" = "false"' in denied


def test_the_file_of_the_authority_is_where_the_pods_have_it() -> None:
    default = of_type("aws", "variable")["postgres_ca_file"]["default"]
    assert default == local_values("kubernetes")["ca_folder"] + "/ca.pem"


def test_redis_drops_nothing() -> None:
    (parameter,) = of_type("aws", "resource")["aws_elasticache_parameter_group.redis"]["parameter"]
    assert parameter == {"name": "maxmemory-policy", "value": "noeviction"}


def test_what_counts_is_not_lost_by_a_slip() -> None:
    resources = of_type("aws", "resource")
    postgres = resources["aws_db_instance.postgres"]
    assert postgres["skip_final_snapshot"] is False
    assert of_type("aws", "variable")["deletion_protection"]["default"] is True
    assert of_type("aws", "variable")["postgres_backup_days"]["default"] >= 7
    assert "force_destroy" not in resources["aws_s3_bucket.openhours"]
    (versioning,) = resources["aws_s3_bucket_versioning.openhours"]["versioning_configuration"]
    assert versioning == {"status": "Enabled"}
    rules = resources["aws_s3_bucket_lifecycle_configuration.openhours"]["rule"]
    for rule in rules:  # only parts of uploads, versions that count no more, and marks of what is gone
        assert set(rule) - {"id", "status", "filter"} <= {
            "abort_incomplete_multipart_upload",
            "noncurrent_version_expiration",
            "expiration",
        }
        assert rule.get("expiration", [{"expired_object_delete_marker": True}]) == [
            {"expired_object_delete_marker": True}
        ]


def test_an_unfinished_upload_may_take_longer_than_the_service_waits_for_it() -> None:
    base = yaml.safe_load((REPOSITORY / "k8s/base/kustomization.yaml").read_text(encoding="utf-8"))
    literals = dict(literal.split("=", 1) for literal in base["configMapGenerator"][0]["literals"])
    days = of_type("aws", "variable")["unfinished_upload_days"]["default"]
    assert days * 24 > 2 * int(literals["OPENHOURS_UPLOAD_TTL_HOURS"])


def test_the_role_may_do_what_the_service_does_and_nothing_else() -> None:
    source = (REPOSITORY / "app/storage/object_store.py").read_text(encoding="utf-8")
    operations = set(re.findall(r"(?:_client|_quick|_for_spans\(\)|client|transfer)\.([a-z_0-9]+)\(", source))
    operations |= set(re.findall(r'(?:get_paginator|generate_presigned_url)\("(\w+)"', source))
    operations -= {"close", "get_paginator"}
    assert operations == set(ACTIONS), "say which action of IAM it needs"
    values = local_values("aws")
    allowed = values["bucket_actions"] + values["object_actions"]
    assert sorted(allowed) == sorted({action for action in ACTIONS.values() if action is not None})


def test_only_the_service_account_of_the_manifests_takes_the_role() -> None:
    (account,) = yaml.safe_load_all((REPOSITORY / "k8s/base/serviceaccount.yaml").read_text(encoding="utf-8"))
    base = yaml.safe_load((REPOSITORY / "k8s/base/kustomization.yaml").read_text(encoding="utf-8"))
    assert local_values("aws")["service_account"] == f"system:serviceaccount:{base['namespace']}:{name_of(account)}"
    role = of_type("aws", "resource")["aws_iam_role.openhours"]
    assert '"${local.oidc_issuer}:sub" = local.service_account' in role["assume_role_policy"]
    assert "StringEquals" in role["assume_role_policy"]


def test_postgres_has_the_connections_of_the_most_replicas() -> None:
    text = (REPOSITORY / "k8s/overlays/production/sizes.yaml").read_text(encoding="utf-8")
    most = {
        name_of(one): one["spec"]["maxReplicas"]
        for one in of_kind(list(yaml.safe_load_all(text)), "HorizontalPodAutoscaler")
    }
    needed = 20 * most["openhours-api"] + 34 * most["openhours-worker"]
    assert of_type("aws", "variable")["postgres_connections"]["default"] > needed


def test_what_the_secret_has_is_read() -> None:
    (secret,) = (body["secret"] for body in of_type("examples/aws", "module").values() if "secret" in body)
    assert set(secret) <= SECRET
    for name, value in secret.items():
        output = name.removeprefix("OPENHOURS_").lower()
        assert value == f"${{module.aws.{output}}}"
        assert name in of_type("aws", "output")[output]["description"]
    named = re.findall(
        r"(?:OPENHOURS|AWS)_[A-Z_]+", (TERRAFORM / "kubernetes/variables.tf").read_text(encoding="utf-8")
    )
    assert set(named) - {"OPENHOURS_"} <= SETTINGS | AWS


def test_the_page_for_people_tells_the_defaults() -> None:
    page = (REPOSITORY / "docs/infrastructure.md").read_text(encoding="utf-8")
    default = {name: body.get("default") for name, body in of_type("aws", "variable").items()}
    for told in (
        f"brought back for {default['undelete_days']} days;",
        f"uploads that never ended go after {default['unfinished_upload_days']} |",
        f"RDS, version {default['postgres_version']}, two zones",
        f"{default['postgres_connections']:,} connections;",
        f"any second of the last {default['postgres_backup_days']} days",
        f"| Postgres, `{default['postgres_class']}` in two zones |",
        f"its storage, {default['postgres_storage_gb']['start']} GB",
        f"Redis, two `{default['redis_class']}`",
        local_values("aws")["service_account"].rpartition(":")[2],
    ):
        assert told in page
    assert default["redis_nodes"] == 2
    (said,) = (block.body for block in blocks("aws") if block.type == "terraform")
    assert said["required_version"].startswith(">= 1.11.")
    assert "from 1.11 on" in page


def test_the_version_is_this_one() -> None:
    assert of_type("kubernetes", "variable")["image_tag"]["default"] == __version__


def test_the_values_make_valid_manifests(manifests: list[Manifest]) -> None:
    assert len(manifests) > 15
    for manifest in manifests:
        accepted(manifest)


def test_the_values_make_valid_manifests_with_every_component(module: Path) -> None:
    manifests = applied(module, components=COMPONENTS)
    for manifest in manifests:
        accepted(manifest)
    images = {container["image"] for one in ours(manifests) for container in containers(one)}
    assert images == {f"{GIVEN['image']}:{__version__}"}


def test_settings_reach_the_pods(manifests: list[Manifest]) -> None:
    (found,) = (one for one in of_kind(manifests, "ConfigMap") if "OPENHOURS_AUTH" in one["data"])
    settings = found["data"]
    assert set(settings) <= SETTINGS
    assert settings["OPENHOURS_AUTH"] == "on"
    assert settings["OPENHOURS_PUBLIC_URL"] == "https://hours.example.org"
    assert settings["OPENHOURS_S3_ENDPOINT_URL"] == "https://s3.eu-west-1.amazonaws.com"
    assert settings["OPENHOURS_S3_REGION"] == "eu-west-1"
    assert settings["OPENHOURS_S3_BUCKET"] == "hours-example"
    assert settings["OPENHOURS_RETENTION_DAYS"] == "90"
    assert settings["OPENHOURS_TEAM_HOURS"] == "Mon-Fri 08:00-16:00, Sat 10:00-12:00"
    assert "OPENHOURS_S3_PUBLIC_URL" not in settings


def test_another_address_of_s3_for_users_is_a_setting(module: Path) -> None:
    manifests = applied(module, s3=GIVEN["s3"] | {"public_url": "https://files.example.org"}, postgres_ca=None)
    assert settings_of(manifests)["OPENHOURS_S3_PUBLIC_URL"] == "https://files.example.org"


def test_an_image_is_pinned_by_its_digest(module: Path) -> None:
    digest = "sha256:" + "0123456789abcdef" * 4
    for workload in ours(applied(module, image_digest=digest)):
        for container in containers(workload):
            assert container["image"].startswith(GIVEN["image"])
            assert container["image"].endswith(f"@{digest}")


def test_the_ingress_is_the_one_that_is_asked_for(manifests: list[Manifest]) -> None:
    ingresses = of_kind(manifests, "Ingress")
    assert len(ingresses) == 2
    for ingress in ingresses:
        assert ingress["spec"]["ingressClassName"] == "internal"
        assert ingress["spec"]["tls"] == [{"hosts": ["hours.example.org"], "secretName": "hours-tls"}]
        assert [rule["host"] for rule in ingress["spec"]["rules"]] == ["hours.example.org"]


def test_pods_reach_the_servers_and_are_reached_by_the_ingress(manifests: list[Manifest]) -> None:
    policies = {name_of(one): one["spec"] for one in of_kind(manifests, "NetworkPolicy")}
    public, *servers = policies["openhours-servers"]["egress"]
    assert public["ports"] == [{"protocol": "TCP", "port": 443}]
    reached = [
        ([peer["ipBlock"]["cidr"] for peer in rule["to"]], [port["port"] for port in rule["ports"]]) for rule in servers
    ]
    assert reached == [(["10.20.1.0/24", "10.20.2.0/24"], [5432]), (["10.20.3.7/32"], [6380])]
    (rule,) = policies["openhours-requests"]["ingress"]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "edge"}}}]


def test_the_service_account_has_its_role(manifests: list[Manifest]) -> None:
    (account,) = of_kind(manifests, "ServiceAccount")
    assert account["metadata"]["annotations"] == GIVEN["service_account_annotations"]


def test_pods_are_replaced_with_the_secret_and_know_the_authority_of_postgres(manifests: list[Manifest]) -> None:
    (authority,) = (one for one in of_kind(manifests, "ConfigMap") if "ca.pem" in one["data"])
    assert authority["data"]["ca.pem"] == GIVEN["postgres_ca"]
    assert len(ours(manifests)) == 3
    for workload in ours(manifests):
        template = workload["spec"]["template"]
        assert template["metadata"]["annotations"] == {"openhours/secret-version": "3"}
        assert {"name": "postgres-ca", "configMap": {"name": name_of(authority)}} in pod(workload)["volumes"]
        (container,) = containers(workload)
        mount = {"name": "postgres-ca", "mountPath": "/etc/openhours/postgres-ca", "readOnly": True}
        assert mount in container["volumeMounts"]


def test_without_an_authority_nothing_is_mounted(module: Path) -> None:
    manifests = applied(module, postgres_ca=None)
    assert len(of_kind(manifests, "ConfigMap")) == 1
    for workload in workloads(manifests):
        assert [volume["name"] for volume in pod(workload)["volumes"]] == ["tmp"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"servers": {"postgres": {"networks": ["0.0.0.0/0"], "port": 5432}, "redis": {"networks": [], "port": 1}}},
            "whole world",
        ),
        ({"servers": {"postgres": {"networks": ["10.0.0.1/32"], "port": 5432}}}, "postgres and redis are needed"),
        ({"host": "https://hours.example.org"}, "not the name of a host"),
        ({"settings": {"RETENTION_DAYS": "90"}}, "does not begin with OPENHOURS_: RETENTION_DAYS"),
        ({"image_digest": "sha256:abc"}, "not a digest"),
        ({"secret": {"OPENHOURS_DATABASE_URL": "hush"}}, "OPENHOURS_REDIS_URL are needed"),
    ],
)
def test_what_cannot_work_is_refused(module: Path, changes: dict[str, Any], told: str) -> None:
    done = evaluated(module, **changes)
    assert done.returncode != 0
    assert told in " ".join(re.sub(r"[│╷╵]", " ", done.stderr).split())
    assert "hush" not in done.stdout + done.stderr


def test_what_cannot_work_on_aws_is_refused(tmp_path: Path) -> None:
    shutil.copy(TERRAFORM / "aws/variables.tf", tmp_path)
    wrong = {
        "name": "open--hours",
        "subnet_ids": ["subnet-1"],
        "client_security_group_ids": {},
        "oidc_provider_arn": "https://oidc.eks.eu-west-1.amazonaws.com/id/1",
        "postgres_version": 14,
        "postgres_backup_days": 0,
        "redis_nodes": 1,
    }
    (tmp_path / "test.auto.tfvars.json").write_text(json.dumps(wrong | {"bucket": "hours", "vpc_id": "vpc-1"}))
    assert run(tmp_path, "init", secret={}).returncode == 0
    done = run(tmp_path, "plan", "-input=false", secret={})
    assert done.returncode != 0
    assert done.stderr.count("Invalid value for variable") == len(wrong)


def test_every_exception_from_a_policy_has_its_reason() -> None:
    found = [
        line.strip() for file in FILES for line in file.read_text(encoding="utf-8").splitlines() if "checkov:" in line
    ]
    assert found
    for line in found:
        assert re.fullmatch(r"# checkov:skip=CKV2?_AWS_\d+:[A-Z].{20,}\.", line), line


def test_checkov_has_nothing_to_say() -> None:
    checkov = shutil.which("checkov")
    if checkov is None:
        pytest.skip("checkov is not installed; docs/infrastructure.md says how to run it")
    command = [
        checkov,
        "--directory",
        str(TERRAFORM),
        "--framework",
        "terraform",
        "--skip-download",
        "--output",
        "json",
    ]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # it has its own packages
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    summary = json.loads(done.stdout)["summary"]
    assert summary["failed"] == summary["parsing_errors"] == 0, done.stdout
    assert summary["passed"] > 50
