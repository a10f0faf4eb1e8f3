"""Actions that install a runtime, and the names of what they are told."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Setup:
    """How an action is told which version to install.

    Attributes:
        runtime: what it installs.
        versions: its inputs that are versions, one to a line.
        files: its inputs that name a file with the version.
        defaults: files that it reads if it is told nothing.
        is_certain: it installs the runtime even if it is told nothing.
        ref_is_version: what stands behind its ``@`` is a version, unless an input says another.
    """

    runtime: str
    versions: tuple[str, ...]
    files: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    is_certain: bool = True
    ref_is_version: bool = False


_PYTHON: Final = ("python-version",)
_TOOLCHAIN: Final = ("rust-toolchain.toml",)

#: By the name of the action, in small letters and without its version.
SETUPS: Final = {
    "actions/setup-python": Setup("python", _PYTHON, ("python-version-file",), (".python-version",)),
    "actions/setup-node": Setup("node", ("node-version", "version"), ("node-version-file",)),
    "actions/setup-go": Setup("go", ("go-version",), ("go-version-file",)),
    "actions/setup-java": Setup("java", ("java-version",), ("java-version-file",)),
    "actions/setup-dotnet": Setup("dotnet", ("dotnet-version",), ("global-json-file",), ("global.json",)),
    "actions/setup-ruby": Setup("ruby", ("ruby-version",)),
    "ruby/setup-ruby": Setup("ruby", ("ruby-version",), (), (".ruby-version",)),
    "shivammathur/setup-php": Setup("php", ("php-version",), ("php-version-file",), (".php-version",)),
    "graalvm/setup-graalvm": Setup("java", ("java-version",)),
    "dtolnay/rust-toolchain": Setup("rust", ("toolchain",), ref_is_version=True),
    "actions-rs/toolchain": Setup("rust", ("toolchain",), (), _TOOLCHAIN),
    "actions-rust-lang/setup-rust-toolchain": Setup("rust", ("toolchain",), (), _TOOLCHAIN),
    "astral-sh/setup-uv": Setup("python", _PYTHON, is_certain=False),
    "conda-incubator/setup-miniconda": Setup("python", _PYTHON, is_certain=False),
    "pdm-project/setup-pdm": Setup("python", _PYTHON, ("python-version-file",), is_certain=False),
}

#: Runtimes by the usual names of their versions: inputs of any other action, and keys of a matrix.
USUAL_NAMES: Final = {
    "python-version": "python",
    "node-version": "node",
    "go-version": "go",
    "java-version": "java",
    "ruby-version": "ruby",
    "php-version": "php",
    "dotnet-version": "dotnet",
    "rust-version": "rust",
    "rust-toolchain": "rust",
}


def usual_runtime(name: str) -> str | None:
    """The runtime whose version has this name: ``python-version``, ``python_versions``, ``PYTHON-VERSION``."""
    return USUAL_NAMES.get(name.lower().replace("_", "-").removesuffix("s"))
