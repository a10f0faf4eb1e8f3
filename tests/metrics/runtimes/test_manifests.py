"""What manifests declare, where they leave it open, and what is not read of hostile ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metrics.runtimes.manifests import is_manifest
from app.metrics.runtimes.repository import runtimes

#: Every file that declares something.
MANIFESTS = (
    *(".python-version", ".node-version", ".nvmrc", ".ruby-version", "pyproject.toml", "setup.cfg", "setup.py"),
    *("package.json", "go.mod", "Cargo.toml", "rust-toolchain.toml", "pom.xml", "build.gradle", "build.gradle.kts"),
    *("composer.json", "Gemfile", "global.json"),
)

POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <!-- <properties><java.version>6</java.version></properties> -->
  <properties>{}</properties>
  <build><plugins><plugin><artifactId>maven-compiler-plugin</artifactId>{}</plugin></plugins></build>
</project>
"""

UNKNOWN = {None}


def pom(properties: str = "", plugin: str = "") -> str:
    return POM.format(properties, f"<configuration>{plugin}</configuration>" if plugin else "")


def versions(name: str, text: str | None) -> set[str | None]:
    return {one.version for one in runtimes({name: text})}


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        # Python
        ("pyproject.toml", '[project]\nname = "x"\nrequires-python = ">=3.9"', {"3.9"}),
        ("pyproject.toml", '[project]\nrequires-python = ">=3.10,<4,!=3.11.0"', {"3.10"}),
        ("pyproject.toml", '[project]\nname = "x"\ndynamic = ["version", "requires-python"]', UNKNOWN),
        ("pyproject.toml", '[project]\nrequires-python = "<4"', UNKNOWN),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.8"', {"3.8"}),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = {version = ">=3.7.1,<3.12"}', {"3.7.1"}),
        (
            "pyproject.toml",
            '[project]\nrequires-python = ">=3.11"\n[tool.poetry.dependencies]\npython = "^3.8"',
            {"3.11"},
        ),
        ("pyproject.toml", '[project]\nname = "x"', set()),
        ("pyproject.toml", "[tool.black]\nline-length = 120", set()),
        ("pyproject.toml", "[project]\nrequires-python = 3.9", UNKNOWN),
        ("pyproject.toml", "project = 1\ntool = [1]", set()),
        ("pyproject.toml", "[project", UNKNOWN),
        ("setup.cfg", "[metadata]\nname = x\n[options]\npython_requires = >=3.6, <4\n", {"3.6"}),
        ("setup.cfg", "[options]\npackages = find:\npython_requires =\n    >=3.8\n", {"3.8"}),
        ("setup.cfg", "[flake8]\nmax-line-length = 120", set()),
        ("setup.cfg", "python_requires = >=3.6", UNKNOWN),
        ("setup.py", "from setuptools import setup\nsetup(name='x', python_requires='>=3.7')", {"3.7"}),
        ("setup.py", "import setuptools\nsetuptools.setup(python_requires='>=' '3.7')", {"3.7"}),
        ("setup.py", "setup(python_requires=REQUIRES)", UNKNOWN),
        ("setup.py", "setup(**options)", UNKNOWN),
        ("setup.py", "setup(name='x')", set()),
        ("setup.py", "print 'Python 2'", UNKNOWN),
        ("setup.py", "P = '\\d'\nsetup(python_requires='>=3.8')", {"3.8"}),
        (".python-version", "3.12.1\n3.11 # too\n\n", {"3.12.1", "3.11"}),
        (".python-version", "pypy3.10-7.3.16\n", {"pypy3.10-7.3.16"}),
        (".python-version", "\n# none\n", UNKNOWN),
        # Node
        ("package.json", '{"engines": {"node": ">=18.17.0"}}', {"18.17.0"}),
        ("package.json", '{"engines": {"node": "^18.0.0 || ^20.0.0 || >=22"}}', {"18.0.0"}),
        ("package.json", '{"engines": {"node": "20.x"}}', {"20"}),
        ("package.json", '{"engines": {"node": "16 - 20"}}', {"16"}),
        ("package.json", '{"engines": {"node": "*"}}', UNKNOWN),
        ("package.json", '{"engines": {"node": 18}}', UNKNOWN),
        ("package.json", '{"engines": ["node >= 0.8"]}', UNKNOWN),
        ("package.json", '{"engines": {"npm": ">=9"}}', set()),
        ("package.json", '{"name": "x"}', set()),
        ("package.json", "[]", UNKNOWN),
        ("package.json", '{"engines": {"node": ">=18"},}', UNKNOWN),
        (".nvmrc", "v18.17\n", {"18.17"}),
        (".nvmrc", "lts/hydrogen", {"lts/hydrogen"}),
        (".node-version", "20.11.0", {"20.11.0"}),
        # Go
        ("go.mod", "module example.com/x\n\ngo 1.21\n\ntoolchain go1.22.1\n", {"1.21"}),
        ("go.mod", "module example.com/x\n\ngo 1.21.0 // minimum\n", {"1.21.0"}),
        ("go.mod", "module example.com/x\nrequire go.uber.org/zap v1.27.0\n", set()),
        # Rust
        ("Cargo.toml", '[package]\nname = "x"\nrust-version = "1.70"', {"1.70"}),
        ("Cargo.toml", '[workspace.package]\nrust-version = "1.74.0"', {"1.74.0"}),
        (
            "Cargo.toml",
            '[package]\nrust-version.workspace = true\n[workspace.package]\nrust-version = "1.74"',
            {"1.74"},
        ),
        ("Cargo.toml", "[package]\nrust-version = {workspace = true}", UNKNOWN),
        ("Cargo.toml", '[package]\nname = "x"\nedition = "2021"', set()),
        ("rust-toolchain.toml", '[toolchain]\nchannel = "1.75.0"\ncomponents = ["clippy"]', {"1.75.0"}),
        ("rust-toolchain.toml", '[toolchain]\nchannel = "nightly-2024-05-01"', {"nightly-2024-05-01"}),
        ("rust-toolchain.toml", '[toolchain]\npath = "/opt/rust"', UNKNOWN),
        # Java
        ("pom.xml", pom("<maven.compiler.release>17</maven.compiler.release>"), {"17"}),
        ("pom.xml", pom("<maven.compiler.source>1.8</maven.compiler.source>"), {"1.8"}),
        ("pom.xml", pom("<java.version>21</java.version>"), {"21"}),
        (
            "pom.xml",
            pom("<java.version>11</java.version><maven.compiler.source>${java.version}</maven.compiler.source>"),
            {"11"},
        ),
        ("pom.xml", pom("<java.version>11</java.version>", "<release>17</release><source>8</source>"), {"17"}),
        ("pom.xml", pom("", "<source>${jdk}</source>"), UNKNOWN),
        ("pom.xml", pom("<a>${b}</a><b>${a}</b><java.version>${a}</java.version>"), UNKNOWN),
        ("pom.xml", pom(), set()),
        ("pom.xml", "<project>", UNKNOWN),
        ("build.gradle", "sourceCompatibility = '1.8'\ntargetCompatibility = '1.8'", {"1.8"}),
        ("build.gradle", "java {\n  sourceCompatibility = JavaVersion.VERSION_17\n}", {"17"}),
        ("build.gradle", "java { sourceCompatibility = 11 }", {"11"}),
        ("build.gradle", "sourceCompatibility JavaVersion.VERSION_1_8\n", {"1.8"}),
        ("build.gradle", "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }", {"21"}),
        ("build.gradle.kts", "java { toolchain { languageVersion.set(JavaLanguageVersion.of(17)) } }", {"17"}),
        ("build.gradle.kts", "kotlin {\n    jvmToolchain(11)\n}", {"11"}),
        ("build.gradle", "sourceCompatibility = project.javaVersion", UNKNOWN),
        ("build.gradle", "languageVersion = JavaLanguageVersion.of(javaVersion)", UNKNOWN),
        ("build.gradle", "// sourceCompatibility = 1.8\n/* jvmToolchain(8) */\nurl 'http://x'", UNKNOWN),
        ("build.gradle", "url 'http://x'; sourceCompatibility = 11", {"11"}),
        ("build.gradle", "plugins { id 'company.java-conventions' }", UNKNOWN),
        # PHP
        ("composer.json", '{"require": {"php": ">=7.4", "ext-json": "*"}}', {"7.4"}),
        ("composer.json", '{"require": {"php": "^8.1 || ^8.2"}}', {"8.1"}),
        ("composer.json", '{"require": {"php": "~8.3.0 | 8.2.*"}}', {"8.2"}),
        ("composer.json", '{"require": []}', set()),
        # Ruby
        ("Gemfile", 'source "https://rubygems.org"\n\nruby "3.2.2"\n\ngem "rails"', {"3.2.2"}),
        ("Gemfile", "ruby '>= 3.0', '< 3.4' # the servers", {"3.0"}),
        ("Gemfile", 'ruby("~> 3.3.0")', {"3.3.0"}),
        ("Gemfile", 'ruby ENV["RUBY_VERSION"]', UNKNOWN),
        ("Gemfile", "ruby version_of_servers", UNKNOWN),
        ("Gemfile", 'ruby file: ".ruby-version"', UNKNOWN),
        ("Gemfile", 'ruby file: ".tool-versions"', UNKNOWN),
        ("Gemfile", 'ruby "2.5.7", engine: "jruby", engine_version: "9.2.9"', UNKNOWN),
        ("Gemfile", 'gem "ruby-progressbar"', set()),
        (".ruby-version", "ruby-3.3.0\n", {"3.3.0"}),
        # .NET
        ("global.json", '{"sdk": {"version": "8.0.100", "rollForward": "latestFeature"}}', {"8.0.100"}),
        ("global.json", '{\n  // pinned\n  "sdk": {"version": "9.0.100"} /* for now */\n}', {"9.0.100"}),
        ("global.json", '{"msbuild-sdks": {"x": "1.0"}}', set()),
    ],
)
def test_a_manifest_declares(name: str, text: str, found: set[str | None]) -> None:
    assert versions(name, text) == found


def test_a_row_says_which_runtime_is_declared_and_where() -> None:
    files = {"services/api/go.mod": "go 1.22", "README.md": "go 1.1", "web/package.json": '{"engines": {"node": "20"}}'}
    assert [(one.runtime, one.version, one.how, one.path) for one in runtimes(files)] == [
        ("go", "1.22", "declared", "services/api/go.mod"),
        ("node", "20", "declared", "web/package.json"),
    ]


def test_a_gemfile_may_name_the_file_with_the_version() -> None:
    files = {"api/Gemfile": 'ruby file: ".ruby-version"', "api/.ruby-version": "3.3.1", ".ruby-version": "3.1.0"}
    found = {(one.path, one.version) for one in runtimes(files)}
    assert found == {("api/Gemfile", "3.3.1"), ("api/.ruby-version", "3.3.1"), (".ruby-version", "3.1.0")}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_whose_text_is_not_known_or_too_long_is_unknown(name: str) -> None:
    assert is_manifest(name)
    assert versions(name, None) == UNKNOWN
    assert versions(name, "# \n" * 50_000) == UNKNOWN


def test_entities_are_refused_within_and_from_outside() -> None:
    inside = (
        '<!DOCTYPE p [<!ENTITY v "17">]><project><properties><java.version>&v;</java.version></properties></project>'
    )
    bomb = '<!DOCTYPE p [<!ENTITY a "17"><!ENTITY b "&a;&a;">]><project><properties><java.version>&b;</java.version>'
    outside = '<!DOCTYPE p SYSTEM "file:///etc/hostname"><project/>'
    for text in (inside, bomb, outside):
        assert versions("pom.xml", text) == UNKNOWN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", "[" * 60_000),
        ("package.json", '{"engines": {"node": ' + "9" * 60_000 + "}}"),
        ("pyproject.toml", "a = " + "[" * 60_000),
        ("pyproject.toml", "a = " + "{b = " * 10_000),
        ("setup.py", "-" * 60_000 + "1"),
        ("setup.py", "(" * 60_000),
        ("setup.py", "setup(" * 10_000),
        ("setup.py", "\x00"),
        ("setup.cfg", "\ufeff" * 10 + "[a"),
        ("pom.xml", "<a>" * 20_000),
        ("pom.xml", "<project>" + "<a>" * 9_000 + "</a>" * 9_000),
        ("pom.xml", "\ud800"),
        ("build.gradle", '"' + '\\"' * 30_000),
        ("build.gradle", "/*" * 30_000),
        ("build.gradle", "sourceCompatibility " * 3_000),
        ("global.json", "//" * 30_000),
        ("setup.cfg", "[a]\nb" + " " * 60_000 + "x"),
        ("pyproject.toml", "a" + ".a" * 30_000 + "=1"),
        ("Gemfile", 'ruby "3.2"' + " " * 60_000 + "x"),
        ("Gemfile", 'ruby file: "a"' + " " * 60_000 + "x"),
        ("build.gradle", "sourceCompatibility = 17" + " " * 60_000 + "x"),
    ],
    ids=lambda one: one[:12] if isinstance(one, str) else str(one),
)
def test_a_hostile_manifest_is_unknown(name: str, text: str) -> None:
    assert versions(name, text) == UNKNOWN


@pytest.mark.parametrize("text", ["x.y" * 1 + ".y" * 30_000, "f" + "()" * 30_000, "1" + "+1" * 30_000, "not " * 15_000])
def test_a_deep_source_of_python_ends_no_process(text: str) -> None:
    assert versions("setup.py", text) in (UNKNOWN, set())


@given(
    st.sampled_from(MANIFESTS),
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(
                [
                    *(
                        "ruby ",
                        '"3.2"',
                        "[project]\n",
                        "requires-python",
                        " = ",
                        "go ",
                        "1.2",
                        "\n",
                        "{",
                        "}",
                        '"engines"',
                    ),
                    *(
                        ": ",
                        '"node"',
                        "sourceCompatibility",
                        "<project>",
                        "<properties>",
                        "setup(",
                        "python_requires=",
                        ")",
                    ),
                    *("[options]\n", ">=", "||", ",", "*", "//", "/*", "'", '"php"', '"require"', '"sdk"', '"version"'),
                ]
            ),
            max_size=30,
        ).map("".join),
    ),
)
def test_any_text_is_read_or_unknown(name: str, text: str) -> None:
    for row in runtimes({name: text}):
        assert row.how == "declared"
        assert row.version is None or 0 < len(row.version) <= 200
