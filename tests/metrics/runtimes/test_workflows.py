"""What workflows test: by their matrices, by literals, by files, and where nobody can say."""

from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.metrics.runtimes import yaml_documents
from app.metrics.runtimes.repository import runtimes
from app.metrics.runtimes.runtime import UnreadableFile
from app.metrics.runtimes.workflows import is_workflow
from app.metrics.runtimes.yaml_documents import Value, read_yaml

PATH = ".github/workflows/ci.yml"

#: A workflow as Python projects have it.
PYTHON = """
    name: CI
    on:
      push:
        branches: [main]
      pull_request:
    jobs:
      test:
        runs-on: ${{ matrix.os }}
        strategy:
          fail-fast: false
          matrix:
            os: [ubuntu-latest, windows-latest]
            python-version: ["3.9", "3.12", "pypy-3.10"]
        steps:
          - uses: actions/checkout@v4
          - name: Set up Python ${{ matrix.python-version }}
            uses: actions/setup-python@v5
            with:
              python-version: ${{ matrix.python-version }}
              cache: pip
          - run: pip install -e .[test] && pytest
"""


def found_by(workflow: str, files: dict[str, str | None] | None = None) -> set[tuple[str, str | None]]:
    """Runtimes and versions that a workflow tests beside other files."""
    found = runtimes({PATH: dedent(workflow), **(files or {})})
    return {(one.runtime, one.version) for one in found if one.how == "tested"}


def job(matrix: str, version: str = "${{ matrix.version }}", *, uses: str = "actions/setup-node@v4") -> str:
    """A workflow of one job, with a matrix in flow style and one step."""
    inputs = {"actions/setup-node@v4": "node-version", "actions/setup-python@v5": "python-version"}
    return dedent(f"""
        on: push
        jobs:
          test:
            runs-on: ubuntu-latest
            strategy: {{matrix: {matrix}}}
            steps:
              - uses: {uses}
                with: {{{inputs[uses]}: "{version}"}}
        """)


def nodes(matrix: str, version: str = "${{ matrix.version }}") -> set[str | None]:
    return {version for runtime, version in found_by(job(matrix, version)) if runtime == "node"}


def test_a_matrix_is_what_the_setup_step_takes_of_it() -> None:
    assert found_by(PYTHON) == {("python", "3.9"), ("python", "3.12"), ("python", "pypy-3.10")}


def test_each_version_is_told_once_with_the_file_that_says_it() -> None:
    (first, *_) = found = runtimes({PATH: dedent(PYTHON)})
    assert len(found) == 3
    assert (first.runtime, first.version, first.how, first.path) == ("python", "3.12", "tested", PATH)


def test_only_files_of_the_folder_of_workflows_are_workflows() -> None:
    assert is_workflow(".github/workflows/a.yaml")
    assert not is_workflow(".github/workflows/old/a.yml")
    assert not is_workflow("ci/.github/workflows/a.yml")
    assert not is_workflow(".github/workflows/a.json")


# YAML


def test_an_unquoted_3_10_stays_3_10() -> None:
    found = found_by(job("{version: [3.9, 3.10, 3.1]}", uses="actions/setup-python@v5"))
    assert found == {("python", "3.9"), ("python", "3.10"), ("python", "3.1")}


def test_on_is_a_name_and_not_true() -> None:
    workflow = "on: push\njobs: {on: {runs-on: x, steps: [{uses: actions/setup-go@v5, with: {go-version: 1.20}}]}}"
    assert found_by(workflow) == {("go", "1.20")}


def test_anchors_and_aliases_are_followed() -> None:
    workflow = """
        on: push
        jobs:
          lint:
            runs-on: ubuntu-latest
            strategy:
              matrix: &versions
                node: [18, 20]
            steps: &steps
              - uses: actions/setup-node@v4
                with: {node-version: "${{ matrix.node }}"}
          test:
            runs-on: windows-latest
            strategy: {matrix: *versions}
            steps: *steps
    """
    assert found_by(workflow) == {("node", "18"), ("node", "20")}


@pytest.mark.parametrize(
    "broken",
    [
        "on: push\njobs:\n\ttest:\n\t\tsteps: []\n",
        "jobs: {test: {steps: [",
        "jobs: &a {test: *a}",
        "jobs: {test: *nowhere}",
        "jobs: {a: 1}\n---\njobs: {b: 1}\n",
        "jobs: {test: {}, test: {}}",
        "jobs: {[a]: b}",
        "just a sentence",
        "jobs: [test]",
        "",
        "\x00",
        "\ud800",
        "%YAML 9",
    ],
    ids=[
        *("tabs", "cut", "document_in_itself", "unknown_alias", "two_documents", "key_twice", "list_as_key"),
        *("text", "no_jobs", "empty", "nul", "surrogate", "directive"),
    ],
)
def test_what_is_no_workflow_may_test_anything(broken: str) -> None:
    assert found_by(broken) == {("unknown", None)}


def test_a_workflow_whose_text_is_not_known_may_test_anything() -> None:
    assert [(one.runtime, one.version) for one in runtimes({PATH: None})] == [("unknown", None)]


def test_a_workflow_without_setup_tests_nothing() -> None:
    assert found_by("on: push\njobs: {a: {runs-on: x, steps: [{uses: actions/checkout@v4}, {run: make}]}}") == set()


@pytest.mark.parametrize("text", [PYTHON, "[" * 15_000, "jobs:\n\ttest:", "a: &a [*a]", "a: ~\nb: 'x\n\n  y'\n"])
def test_the_parser_without_libyaml_reads_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> Value | None:
        try:
            return read_yaml(dedent(text))
        except UnreadableFile:
            return None

    by_libyaml = read()
    monkeypatch.setattr(yaml_documents, "_LOADER", yaml.BaseLoader)
    assert read() == by_libyaml


# What a hostile file may cost: each of these would take minutes or gigabytes, or overflow a stack, without a bound.


def test_a_huge_document_is_not_read() -> None:
    assert found_by("jobs: {}\n" + "# comment\n" * 10_000) == {("unknown", None)}


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "!x "])
def test_a_deep_document_is_not_read(opening: str) -> None:
    assert found_by("jobs: " + "\n" * (opening in "- ? ") + opening * 15_000) == {("unknown", None)}


def test_a_bomb_of_aliases_is_a_small_document() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 40))
    workflow = f"l0: &l0 [3.9]\n{levels}" + job("{version: *l39}")
    assert found_by(workflow) == {("node", None)}


def test_a_bomb_of_aliases_as_values_that_are_compared_is_not_followed() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 40))
    workflow = f"l0: &l0 [a]\nm0: &m0 [a]\n{levels}{levels.replace('l', 'm')}"
    assert found_by(workflow + job("{version: [20], x: [*l39], exclude: [{x: *m39}]}")) == {("node", None)}


def test_jobs_that_repeat_one_large_job_are_too_much_work() -> None:
    steps = ", ".join(["{uses: actions/setup-node@v4, with: {node-version: '${{ matrix.a }}'}}"] * 200)
    axes = "{a: [" + ", ".join(map(str, range(16))) + "], b: [" + ", ".join(map(str, range(16))) + "]}"
    workflow = f"jobs:\n  j: &j {{strategy: {{matrix: {axes}}}, steps: [{steps}]}}\n"
    assert found_by(workflow + "".join(f"  j{n}: *j\n" for n in range(2_000))) == {("unknown", None)}


def test_steps_that_repeat_one_large_expression_are_too_much_work() -> None:
    versions = "[" + ", ".join(map(str, range(250))) + "]"
    large = "${{ " + "matrix.v || " * 150 + "'x' }}"
    first = f'&s {{uses: actions/setup-node@v4, with: {{node-version: "{large}"}}}}'
    steps = ", ".join([first, *["*s"] * 380])
    workflow = f"jobs: {{a: {{strategy: {{matrix: {{v: {versions}}}}}, steps: [{steps}]}}}}"
    assert found_by(workflow) == {("unknown", None)}


# Matrices, as GitHub's documentation has them


def test_every_value_of_an_axis_is_tested() -> None:
    assert nodes("{version: [10, 12, 14], os: [ubuntu-latest, windows-latest]}") == {"10", "12", "14"}


def test_a_matrix_of_include_alone_is_its_entries() -> None:
    matrix = "{include: [{site: production, version: 20}, {site: staging, version: 22}]}"
    assert nodes(matrix) == {"20", "22"}


def test_include_adds_a_combination_that_fits_no_other() -> None:
    matrix = "{os: [macos-latest, windows-latest], version: [12, 14, 16], include: [{os: ubuntu-latest, version: 17}]}"
    assert nodes(matrix) == {"12", "14", "16", "17"}


def test_include_as_in_the_documentation_of_fruit_and_animals() -> None:
    """Values of axes stay, added values may be replaced, and what was added by an entry is no axis."""
    matrix = (
        "{fruit: [apple, pear], animal: [cat, dog], include: [{color: green}, {color: pink, animal: cat}, "
        "{fruit: apple, shape: circle}, {fruit: banana}, {fruit: banana, animal: cat}]}"
    )
    found = nodes(matrix, "1-${{ matrix.fruit }}.${{ matrix.animal }}.${{ matrix.color }}.${{ matrix.shape }}")
    assert found == {
        "1-apple.cat.pink.circle",
        "1-apple.dog.green.circle",
        "1-pear.cat.pink.",
        "1-pear.dog.green.",
        "1-banana...",
        "1-banana.cat..",
    }


def test_include_gives_existing_combinations_a_value() -> None:
    assert nodes("{os: [a, b], include: [{os: a, version: 18}, {os: b, version: 20}]}") == {"18", "20"}


def test_a_combination_without_a_value_installs_what_the_action_likes() -> None:
    assert nodes("{os: [a, b], include: [{os: a, version: 18}]}") == {"18", None}


def test_exclude_takes_out_each_combination_that_it_matches() -> None:
    matrix = (
        "{os: [macos-latest, windows-latest], version: [12, 14, 16], environment: [staging, production], "
        "exclude: [{version: 12}, {os: macos-latest, version: 14}, {os: windows-latest, version: 16}]}"
    )
    assert nodes(matrix) == {"14", "16"}


def test_include_comes_after_exclude() -> None:
    assert nodes("{version: [12, 14], exclude: [{version: 12}], include: [{version: 12}]}") == {"12", "14"}


def test_an_axis_of_mappings_is_read_by_their_members() -> None:
    matrix = "{node: [{version: 14, env: NODE_OPTIONS=}, {version: 20}], os: [a]}"
    assert nodes(matrix, "${{ matrix.node.version }}") == {"14", "20"}
    assert nodes(matrix, "${{ matrix['node']['version'] }}") == {"14", "20"}


def test_names_are_found_in_capitals_or_not() -> None:
    assert nodes("{Version: [20]}", "${{ MATRIX.version }}") == {"20"}


def test_a_matrix_of_more_jobs_than_github_runs_is_unknown() -> None:
    axis = f"[{', '.join(map(str, range(20)))}]"
    assert nodes(f"{{version: {axis}, b: {axis}}}") == {None}
    assert nodes(f"{{version: {axis}, b: {axis}, exclude: [{', '.join(f'{{b: {n}}}' for n in range(10))}]}}") == {
        str(n) for n in range(20)
    }
    assert nodes(f"{{version: {axis}, b: {axis}, c: {axis}, d: {axis}}}") == {None}


# What only a run knows


@pytest.mark.parametrize(
    "matrix",
    [
        "${{ fromJSON(needs.setup.outputs.matrix) }}",
        "{version: '${{ fromJSON(needs.setup.outputs.versions) }}'}",
        "{version: ['${{ inputs.version }}']}",
        "{version: [20], exclude: '${{ fromJSON(inputs.exclude) }}'}",
        "{include: '${{ fromJSON(inputs.include) }}'}",
    ],
)
def test_a_matrix_by_an_expression_is_unknown_and_not_none(matrix: str) -> None:
    assert nodes(matrix if matrix.startswith("{") else f"'{matrix}'") == {None}


def test_what_an_unknown_include_may_add_is_unknown_beside_what_is_known() -> None:
    assert nodes("{version: [18, 20], include: '${{ fromJSON(inputs.more) }}'}") == {"18", "20", None}


def test_an_unknown_axis_beside_that_of_versions_changes_nothing() -> None:
    assert nodes("{version: [18, 20], os: '${{ fromJSON(inputs.systems) }}'}") == {"18", "20"}


def test_what_an_exclude_may_take_out_is_unknown() -> None:
    matrix = "{version: [18, 20], os: '${{ fromJSON(inputs.systems) }}', exclude: [{version: 18, os: windows}]}"
    assert nodes(matrix) == {"20", None}


def test_a_literal_list_in_from_json_is_read() -> None:
    assert nodes("""{version: "${{ fromJSON('[18, 20.10, null]') }}"}""") == {"18", "20.10", None}
    matrix = """ "${{ fromJSON('{\\"version\\": [18, 20]}') }}" """
    assert nodes(matrix) == {"18", "20"}


@pytest.mark.parametrize("wrong", ["[1", "[" * 1_500, "[1]' || '"])
def test_a_literal_that_is_no_json_is_unknown(wrong: str) -> None:
    assert nodes(f"""{{version: "${{{{ fromJSON('{wrong}') }}}}"}}""") == {None}


@pytest.mark.parametrize(
    "version",
    [
        "${{ inputs.version }}",
        "${{ steps.read.outputs.version }}",
        "${{ vars.VERSION }}",
        "${{ format('{0}', matrix.version) }}",
        "${{ matrix.version && '18' }}",
        "${{ matrix.version",
        "${{ }}",
        "${{ matrix }}",
        "${{ matrix. }}",
        "${{ matrix['version }}",
        "${{ 1 2 }}",
        "${{ matrix.version }}" * 50,
        "${{ 'x' }}" + "x" * 3_000,
        ">=18",
        "18 || 20",
    ],
)
def test_what_an_expression_or_a_range_leaves_open_is_unknown(version: str) -> None:
    assert nodes("{version: [18]}", version) == {None}


def test_a_default_behind_bars_is_read() -> None:
    version = "${{ matrix.version || '20' }}"
    assert nodes("{include: [{version: 18}, {os: a}]}", version) == {"18", "20"}
    assert nodes("{version: ['${{ inputs.x }}', 'false']}", version) == {None}


def test_a_text_around_an_expression_is_read() -> None:
    assert nodes("{version: [18, 20]}", "${{ matrix.version }}.x") == {"18.x", "20.x"}


# Variables


ENVIRONMENT = """
    on: push
    env: {NODE: 18, OTHER: "${{ inputs.other }}"}
    jobs:
      test:
        env: {NODE: "${{ matrix.node }}"}
        strategy: {matrix: {node: [20, 22]}}
        steps:
          - run: RUN
          - uses: actions/setup-node@v4
            with: {node-version: "${{ env.NAME }}"}
      plain:
        steps:
          - uses: actions/setup-node@v4
            env: {LAST: 24}
            with: {node-version: "${{ env.LAST }}"}
"""


def test_variables_of_workflow_job_and_step_are_read_the_nearest_first() -> None:
    assert found_by(ENVIRONMENT.replace("NAME", "NODE")) == {("node", "20"), ("node", "22"), ("node", "24")}


def test_a_variable_that_is_not_written_down_is_unknown() -> None:
    for name in ("OTHER", "MISSING"):
        assert found_by(ENVIRONMENT.replace("NAME", name)) == {("node", None), ("node", "24")}


def test_a_variable_that_a_script_may_have_changed_is_unknown() -> None:
    workflow = ENVIRONMENT.replace("NAME", "NODE").replace("RUN", "echo NODE=9 >>$GITHUB_ENV")
    assert found_by(workflow) == {("node", None), ("node", "24")}


# Actions


def step(uses: str, **inputs: str) -> str:
    given = ", ".join(f"{name.replace('_', '-')}: {value}" for name, value in inputs.items())
    return f"on: push\njobs: {{a: {{runs-on: x, steps: [{{uses: {uses}, with: {{{given}}}}}]}}}}"


@pytest.mark.parametrize(
    ("workflow", "found"),
    [
        (step("actions/setup-python@v5", python_version="'3.12'"), ("python", "3.12")),
        (step("actions/setup-python@v5", python_version="3.13t"), ("python", "3.13t")),
        (step("actions/setup-python@v5", python_version="~3.12.0-0"), ("python", "3.12")),
        (step("actions/setup-python@v5", python_version="'>=3.9 <3.13'"), ("python", None)),
        (step("Actions/Setup-Node@v4", node_version="lts/*"), ("node", "lts/*")),
        (step("actions/setup-node@0123", node_version="v18.17.0"), ("node", "18.17.0")),
        (step("actions/setup-node@v4", node_version="^20.1"), ("node", "20")),
        (step("actions/setup-go@v5", go_version="stable"), ("go", "stable")),
        (step("actions/setup-go@v5", go_version="'^1.21'"), ("go", None)),
        (step("actions/setup-java@v4", distribution="temurin", java_version="17"), ("java", "17")),
        (step("ruby/setup-ruby@v1", ruby_version="jruby-9.4"), ("ruby", "jruby-9.4")),
        (step("shivammathur/setup-php@v2", php_version="'8.3'", extensions="intl"), ("php", "8.3")),
        (step("actions/setup-dotnet@v4", dotnet_version="8.0.x"), ("dotnet", "8.0.x")),
        (step("dtolnay/rust-toolchain@1.75.0"), ("rust", "1.75.0")),
        (step("dtolnay/rust-toolchain@stable"), ("rust", "stable")),
        (step("dtolnay/rust-toolchain@master", toolchain="1.70"), ("rust", "1.70")),
        (step("dtolnay/rust-toolchain@master"), ("rust", None)),
        (step("actions-rs/toolchain@v1", toolchain="nightly-2024-01-01"), ("rust", "nightly-2024-01-01")),
        (step("astral-sh/setup-uv@v5", python_version="3.14"), ("python", "3.14")),
        (step("./.github/actions/prepare", node_version="22"), ("node", "22")),
        (step("actions/setup-node@v4"), ("node", None)),
    ],
)
def test_actions_are_told_versions_in_their_own_ways(workflow: str, found: tuple[str, str | None]) -> None:
    assert found_by(workflow) == {found}


def test_setup_uv_without_a_version_says_nothing_of_python() -> None:
    assert found_by(step("astral-sh/setup-uv@v5", cache="true")) == set()


def test_several_versions_stand_on_lines() -> None:
    workflow = """
        on: push
        jobs:
          build:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/setup-dotnet@v4
                with:
                  dotnet-version: |
                    3.1.x
                    8.0.x

              - uses: actions/setup-python@v5
                with:
                  python-version: |
                    3.9
                    pypy-3.9
                    ${{ inputs.more }}
    """
    assert found_by(workflow) == {("dotnet", "3.1.x"), ("dotnet", "8.0.x"), ("python", None)}


def test_what_never_runs_tests_nothing() -> None:
    for condition in ("false", "${{ false }}"):
        never = step("actions/setup-go@v5", go_version="1.22").replace("{uses", f'{{if: "{condition}", uses')
        assert found_by(never) == set()
    assert found_by("jobs: {a: {if: false, uses: o/r/.github/workflows/x.yml@v1}}") == set()


def test_an_axis_with_a_usual_name_counts_if_a_script_installs_the_runtime() -> None:
    workflow = """
        on: push
        jobs:
          test:
            strategy: {matrix: {python-version: ["3.9", "3.13"], php_versions: [8.3], os: [a]}}
            steps: [{run: "nox -s tests-${{ matrix.python-version }}"}]
    """
    assert found_by(workflow) == {("python", "3.9"), ("python", "3.13"), ("php", "8.3")}


def test_include_may_name_the_versions_that_a_script_installs() -> None:
    """As Express does, which names its combinations."""
    workflow = """
        on: [pull_request, push]
        jobs:
          test:
            strategy:
              matrix:
                name: [Node.js 0.10, Node.js 18.x, Node.js 20.x]
                include:
                  - {name: Node.js 0.10, node-version: "0.10", npm-i: mocha@3.5.3}
                  - {name: Node.js 18.x, node-version: 18.17}
            steps:
              - uses: actions/checkout@v3
              - run: nvm install --default ${{ matrix.node-version }}
    """
    assert found_by(workflow) == {("node", "0.10"), ("node", "18.17")}


def test_several_engines_of_ruby_are_told_apart() -> None:
    """As Sinatra does."""
    workflow = """
        on: push
        jobs:
          test:
            strategy:
              matrix:
                rack: [stable]
                ruby: [2.6, '3.0', 3.2, truffleruby]
                include:
                  - {ruby: 3.2, rack: head, allow-failure: true}
                  - {ruby: jruby-9.4, rack: stable, allow-failure: true}
                  - {ruby: ruby-head, rack: stable, allow-failure: true}
            steps:
              - uses: ruby/setup-ruby@v1
                continue-on-error: ${{ matrix.allow-failure || false }}
                with: {ruby-version: "${{ matrix.ruby }}", bundler-cache: true}
    """
    versions = ("2.6", "3.0", "3.2", "truffleruby", "jruby-9.4", "ruby-head")
    assert found_by(workflow) == {("ruby", version) for version in versions}


# Files


def test_a_python_version_file_is_read_with_all_its_lines() -> None:
    files: dict[str, str | None] = {".python-version": "3.12.1 # pinned\n\n3.11\n"}
    for workflow in (
        step("actions/setup-python@v5", python_version_file=".python-version"),
        step("actions/setup-python@v5"),
    ):
        assert found_by(workflow, files) == {("python", "3.12.1"), ("python", "3.11")}


@pytest.mark.parametrize(
    ("workflow", "name", "text", "found"),
    [
        (step("actions/setup-node@v4", node_version_file=".nvmrc"), ".nvmrc", "v20.1.0\n", ("node", "20.1.0")),
        (step("actions/setup-node@v4", node_version_file="./.nvmrc"), ".nvmrc", "lts/iron", ("node", "lts/iron")),
        (
            step("actions/setup-node@v4", node_version_file="package.json"),
            "package.json",
            '{"engines": {"node": ">=18"}}',
            ("node", None),
        ),
        (
            step("actions/setup-node@v4", node_version_file="package.json"),
            "package.json",
            '{"volta": {"node": "22.2.0"}, "engines": {"node": ">=18"}}',
            ("node", "22.2.0"),
        ),
        (step("actions/setup-go@v5", go_version_file="go.mod"), "go.mod", "module x\n\ngo 1.22\n", ("go", "1.22")),
        (
            step("actions/setup-go@v5", go_version_file="go.mod"),
            "go.mod",
            "module x\ngo 1.22\ntoolchain go1.23.4\n",
            ("go", "1.23.4"),
        ),
        (
            step("actions/setup-python@v5", python_version_file="pyproject.toml"),
            "pyproject.toml",
            '[project]\nrequires-python = "==3.11.*"',
            ("python", "3.11"),
        ),
        (
            step("actions/setup-dotnet@v4", global_json_file="global.json"),
            "global.json",
            '{"sdk": {"version": "8.0.100"}} // pinned',
            ("dotnet", "8.0.100"),
        ),
        (step("ruby/setup-ruby@v1"), ".ruby-version", "ruby-3.2.2\n", ("ruby", "3.2.2")),
        (step("ruby/setup-ruby@v1", ruby_version="default"), ".ruby-version", "3.3", ("ruby", "3.3")),
        (step("ruby/setup-ruby@v1", ruby_version=".ruby-version"), ".ruby-version", "3.4", ("ruby", "3.4")),
        (step("actions/setup-node@v4", node_version_file=".nvmrc"), ".nvmrc", None, ("node", None)),
        (step("actions/setup-node@v4", node_version_file=".nvmrc"), "README", "", ("node", None)),
        (step("actions/setup-node@v4", node_version_file="app/.nvmrc"), ".nvmrc", "20", ("node", None)),
        (step("actions/setup-node@v4", node_version_file="package.json"), "package.json", "{", ("node", None)),
        (step("actions/setup-node@v4", node_version_file="'${{ inputs.f }}'"), ".nvmrc", "20", ("node", None)),
    ],
)
def test_a_file_with_the_version_is_looked_up(
    workflow: str, name: str, text: str | None, found: tuple[str, str | None]
) -> None:
    assert found_by(workflow, {name: text}) == {found}


def test_a_version_that_is_given_comes_before_a_file() -> None:
    workflow = step("actions/setup-node@v4", node_version="22", node_version_file=".nvmrc")
    rows = runtimes({PATH: workflow, ".nvmrc": "20"})
    assert [(one.version, one.how) for one in rows] == [("20", "declared"), ("22", "tested")]


# Workflows that others call


def test_a_workflow_elsewhere_may_test_anything() -> None:
    assert found_by("jobs: {a: {uses: org/repo/.github/workflows/test.yml@v1}}") == {("unknown", None)}
    assert found_by("jobs: {a: {uses: ./.github/workflows/missing.yml}}") == {("unknown", None)}


def test_a_workflow_elsewhere_that_is_told_a_version_tests_that_runtime() -> None:
    called = "jobs: {a: {uses: org/repo/.github/workflows/test.yml@v1, with: {python-version: 3.12, x: 1}}}"
    assert found_by(called) == {("python", None)}


def test_a_workflow_of_the_repository_speaks_for_itself() -> None:
    called = ".github/workflows/test.yml"
    text = step("actions/setup-node@v4", node_version="'${{ inputs.node-version }}'")
    rows = runtimes({PATH: f"jobs: {{a: {{uses: ./{called}, with: {{node-version: 20}}}}}}", called: text})
    assert [(one.runtime, one.version, one.path) for one in rows] == [("node", None, called)]


# Anything


FRAGMENTS = st.sampled_from(
    [
        *(
            "jobs:",
            "\n  a:",
            "\n    steps:",
            "\n      - uses: actions/setup-node@v4",
            "\n        with:",
            "\n",
            "  ",
            "- ",
        ),
        *(
            "node-version: ",
            "${{ matrix.v }}",
            "strategy: {matrix: {v: [1, 2]}}",
            "include: ",
            "exclude: ",
            "[",
            "]",
            "{",
        ),
        *(
            "}",
            "&a ",
            "*a",
            "'",
            '"',
            "\t",
            "fromJSON('[1]')",
            "${{",
            "}}",
            ", ",
            ": ",
            "uses: ./x.yml",
            "env: ",
            "|\n",
        ),
    ]
)


@given(st.one_of(st.text(max_size=300), st.lists(FRAGMENTS, max_size=60).map("".join)))
def test_any_text_is_read_or_unknown(text: str) -> None:
    for row in runtimes({PATH: text, "x.yml": text}):
        assert row.how == "tested"
        assert row.version is None or 0 < len(row.version) <= 50


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["matrix.v", "matrix", "'x'", "||", "fromJSON(", ")", "[", "]", ".", "env.V", "'", "1.2"]),
            st.text(max_size=5),
        ),
        max_size=12,
    ).map(" ".join)
)
def test_any_expression_is_a_value_or_unknown(expression: str) -> None:
    quoted = "${{ " + expression.replace("\n", " ") + " }}"
    text = f"jobs: {{a: {{steps: [{{uses: actions/setup-node@v4, with: {{node-version: {quoted!r}}}}}]}}}}"
    assert {one.runtime for one in runtimes({PATH: text})} <= {"node", "unknown"}
