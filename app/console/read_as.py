"""How a file is read that a form has sent at once: a page without script cannot look at it before."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.console.asking import Refused
from app.console.picked import document_of, picked, shown
from app.console.view import View
from app.routers.form_files import SentForm

#: The field of the mapping that was proposed, in which a person has picked columns and words.
PICKED: Final = "picked"


class Unclear(Exception):
    """A person has to say more about a file.

    Attributes:
        kind: that it most likely is; "": nothing is known.
        refusal: what has to be said.
        inspected: values for upload_picks.html.jinja; None: it cannot be looked at.
    """

    def __init__(self, kind: str, refusal: Refused, inspected: Mapping[str, Any] | None) -> None:
        super().__init__(kind)
        self.kind, self.refusal, self.inspected = kind, refusal, inspected


async def read_as(
    view: View, form: SentForm, chosen: Mapping[str, str]
) -> tuple[Mapping[str, Any] | None, dict[str, str]]:
    """What the file seems to be, for the page if it is refused; and the kind and the mapping to read it by.

    Raises:
        Unclear: neither the choices nor the file say enough.
        Refused: the kind or the mapping is wrong.
    """
    kinds = await view.api.get("/datasets/kinds")
    columns = {one["name"]: [column["name"] for column in one["columns"]] for one in kinds}
    kind = chosen["kind"]
    if kind and (chosen["mapping"] or chosen["columns"] or not columns.get(kind)):
        return None, {}
    document = document_of(form.fields.get(PICKED, ""))
    is_picked = bool(document) and kind == document.get("kind")
    mapping = json.dumps(picked(document, form.fields), ensure_ascii=False) if is_picked else ""
    try:
        found = await _looked_at(view, form, kind)
    except Refused as refusal:
        if kind and not is_picked:
            return None, {}  # it is loaded as it is, and refused with the reason
        raise Unclear(kind, _more(view, str(refusal)), None) from refusal
    if is_picked:
        return inspected_values(found, kinds, document_of(mapping)), {"mapping": mapping}
    if [one["name"] for one in found["columns"]] == columns[found["kind"]]:
        return None, {"kind": found["kind"]}
    if not found["may_be_accepted"]:
        why = view.texts("It is most similar to files of kind %(kind)s.", kind=found["kind"]) if not kind else ""
        raise Unclear(found["kind"], _more(view, why), inspected_values(found, kinds))
    proposed = "" if chosen["mapping"] else json.dumps(found["mapping"], ensure_ascii=False)
    return inspected_values(found, kinds), {"kind": found["kind"]} | ({"mapping": proposed} if proposed else {})


def inspected_values(
    found: Mapping[str, Any], kinds: Sequence[Mapping[str, Any]], document: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What pages show of an inspection, with a mapping in which something was picked, or the proposed one."""
    document = found["mapping"] if document is None else document
    kind = next(one for one in kinds if one["name"] == found["kind"])
    rules = (document or {}).get("columns", {})
    picks = [(column, shown(rules.get(column["name"], {}))) for column in kind["columns"] if not column["instead_of"]]
    text = json.dumps(document, ensure_ascii=False) if document else ""
    return {"found": found, "kind": kind, "document": text, "picks": picks}


async def _looked_at(view: View, form: SentForm, kind: str) -> Any:
    if form.head is None:
        title = view.texts("The file is too large to be examined completely.")
        raise Refused(422, {"code": "too_large", "title": title, "detail": title}, {})
    query = {"kind": kind, "filename": form.filename}
    return (await view.api.ask("POST", "/datasets/inspect", query=query, body=form.head)).document


def _more(view: View, why: str) -> Refused:
    title = view.texts("Nothing was loaded yet")
    detail = view.texts("Select above what the file is, and below how to read it. Then choose it again, and upload it.")
    return Refused(422, {"code": "unclear_file", "title": title, "detail": f"{detail} {why}".strip()}, {})
