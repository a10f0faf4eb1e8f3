"""The command of each report kind: trigger, show progress, download, print the summary."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic.fields import FieldInfo

from app.commands import opening, outline
from app.commands.downloads import downloaded, target_of
from app.commands.instants import as_iso
from app.commands.opening import Server
from app.commands.telling import NotifyOption, names_of, tell_notified
from app.commands.terminal import err, report_progress
from app.reports.kind import SUMMARY, ReportKind
from app.wording.warnings import in_a_line
from app.wording.wrong_values import WrongValue, invalid_parameters


def report_command(kind: ReportKind) -> Callable[..., None]:
    """A command whose options are the parameters of a report kind."""
    fields = kind.params.model_fields
    defaults = {name: field.default for name, field in fields.items()}
    instants = set(instants_of(kind))

    def command(*, out_file: str | None, server: str | None, notify: list[str] | None, **options: Any) -> None:
        told = names_of(notify)
        words = {name: options.pop(f"{name}_") for name in kind.words}
        params = {name: value for name, value in options.items() if value not in (None, [], defaults[name])}
        params = {fields[name].alias or name: value for name, value in params.items()}
        params |= meant(kind, words, params)
        params |= {name: as_iso(params[name], option=dashed(name)) for name in params.keys() & instants}
        with target_of(out_file, f"{kind.name}.csv") as target, opening.client(server, slots=1) as client:
            report_id = client.trigger(kind.name, params, notify=told)
            answer = _followed(client, kind, report_id, is_local=server is None)
            paths = _fetched(client, answer, target, report_id)
            if server is None:
                tell_notified(client, report_id, told)
        for warned in answer.get("warnings", ()):
            err.print(in_a_line(warned), markup=False)
        if kind.outline is not None and kind.findings is not None and SUMMARY in paths:
            outline.show(kind.outline(kind.findings.model_validate_json(paths[SUMMARY].read_bytes())))

    parameters = list(_parameters(kind))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = f"{kind.summary[0].upper()}{kind.summary[1:]}."
    return command


def meant(kind: ReportKind, words: Mapping[str, str | None], params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that the words of options stand for.

    Raises:
        InvalidParameters: a word that is none, or that says something else than a parameter which is given.
    """
    meant: dict[str, Any] = {}
    for name, word in words.items():
        if word is None:
            continue
        known = kind.words[name]
        allowed = " or ".join(known)
        if word not in known:
            raise invalid_parameters(
                [WrongValue(parameter=dashed(name), received=word, reason="is not one of its words", allowed=allowed)]
            )
        if clash := [other for other, value in known[word].items() if params.get(other, value) != value]:
            reason = f"contradicts {' and '.join(map(dashed, clash))}; give one of them"
            raise invalid_parameters(
                [WrongValue(parameter=dashed(name), received=word, reason=reason, allowed=allowed)]
            )
        meant |= known[word]
    return meant


def _followed(client: Any, kind: ReportKind, report_id: str, *, is_local: bool) -> Any:
    """Show the progress of a report; returns the response once it is complete."""
    answer: Any = None
    try:
        with report_progress(f"{kind.name} {report_id}") as progress:
            for answer in client.follow(report_id):
                progress(answer.get("stage", "complete"), answer.get("progress", 1.0))
    except KeyboardInterrupt:
        state = (
            f"report {report_id} is queued, but it is not computed until the next serve, worker or report runs"
            if is_local
            else f"report {report_id} is still running"
        )
        err.print(f"{state}; status {report_id} shows its state, cancel {report_id} stops it")
        raise
    return answer


def _fetched(client: Any, answer: Any, target: Path, report_id: str) -> dict[str, Path]:
    """The paths of the files of a report by their names; says how to fetch them if they cannot be written here."""
    try:
        return dict(downloaded(client, answer, target))
    except OSError:
        err.print(f"the report is complete: openhours download {report_id} --out FILE fetches it", markup=False)
        raise


def instants_of(kind: ReportKind) -> Iterator[str]:
    """The parameters that are instants."""
    for name, schema in kind.params.model_json_schema().get("properties", {}).items():
        if any(one.get("format") == "date-time" for one in (schema, *schema.get("anyOf", ()))):
            yield name


def dashed(name: str) -> str:
    """The option of a parameter."""
    return f"--{name.replace('_', '-')}"


def parameter_options(kind: ReportKind) -> Iterator[inspect.Parameter]:
    """An option for each parameter of a kind."""
    instants = set(instants_of(kind))
    for name, field in kind.params.model_fields.items():
        default = field.default if field.annotation is bool else [] if _is_list(field) else None
        yield inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=_option(field, field.alias or name, is_instant=(field.alias or name) in instants),
        )


def _parameters(kind: ReportKind) -> Iterator[inspect.Parameter]:
    yield from parameter_options(kind)
    where = (
        "File to write, or a folder; a folder whose name ends with / is created. Further files go beside it, each "
        f"with the beginning of its name; in a folder files have their own. Default: {kind.name}.csv."
    )
    for name, words in kind.words.items():
        stands = "; ".join(
            f"{word} means " + " ".join(f"{other} {value}" for other, value in given.items())
            for word, given in words.items()
        )
        option = Annotated[str | None, typer.Option(dashed(name), help=f"Recipient: {stands}. Default: none.")]
        yield inspect.Parameter(f"{name}_", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)
    out_file = Annotated[str | None, typer.Option("--out", help=where)]
    own = {"out_file": out_file, "notify": NotifyOption, "server": Server}
    for name, annotation in own.items():
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _option(field: FieldInfo, name: str, *, is_instant: bool) -> Any:
    """The option of the parameter of this name: its type for the command line, with its description and default."""
    description = (field.description or "") + (" Or as people write it: 22 Jan 2023 18:00 UTC." if is_instant else "")
    if field.default is not None and field.annotation is not bool:
        description += f" Default: {field.default}."
    if _is_list(field):
        return Annotated[
            list[str], typer.Option(dashed(name), help=description + " Repeat the option for several values.")
        ]
    if field.annotation is bool:
        return Annotated[bool, typer.Option(help=description)]
    kinds = {int: int, float: float}
    kind: Any = next((kinds[one] for one in (field.annotation, *get_args(field.annotation)) if one in kinds), str)
    return Annotated[kind | None, typer.Option(dashed(name), help=description, show_default=False)]


def _is_list(field: FieldInfo) -> bool:
    return any(str(one).startswith(("list[", "tuple[")) for one in (field.annotation, *get_args(field.annotation)))
