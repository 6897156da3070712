"""The first data map of a store, as a file a DPO reads and edits: every line says why it is there.

Format: fideslang dataset manifest, https://ethyca.github.io/fideslang/ , with our `privacy:` blocks.
"""

import json
import re
from collections.abc import Iterator

from privacy_svc.store.drafting import NOBODY, FieldPlan, TablePlan, plan
from privacy_svc.store.schema import Schema

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*[A-Za-z0-9_]|[A-Za-z_]")
_YAML_WORDS = frozenset("y n yes no on off true false null".split())  # noqa: SIM905 - words
_LEAST_SURE = 0.8
_HEAD = """\
# Draft of a data map, made from the store's headers, types, keys and a small sample of values. It changed
# nothing in the store. Read it, correct it, keep it: from now on this file says what the store holds.
#
#   subject      each row of this collection IS a person of this kind; other rows belong to whom they refer to
#   id           a number for every sealed field. It is bound into each value: never change or reuse it
#   seal         the value is encrypted with the person's own key
#   index        sealed, but to be found by equality
#   tells        a fact that decisions need of the person: birth_date, country, relationship_end (the latest counts)
#   erase        at erasure: shred (the key dies, the value stays unreadable), null, replace, keep (with its ground)
#
# system.operations marks what is about nobody. "please check" marks what was guessed with less certainty.
"""


def draft_dataset(schema: Schema, key: str, next_id: int) -> str:
    """YAML text of one dataset. Field ids count from `next_id`."""
    plans = plan(schema)
    ids = iter(range(next_id, next_id + sum(len(p.fields) for p in plans) + 1))
    lines = [
        _HEAD,
        "dataset:",
        f"  - fides_key: {yaml_text(key)}",
        f"    name: {yaml_text(key)}",
        "    description: Drafted; please describe the store in a sentence.",
        "    collections:" if _mapped(plans) else "    collections: []  # the store has no tables",
    ]
    for found in plans:
        lines += _refused(found)
        if "." in found.table.name:
            continue
        lines += ["", *(table_lines(found, key, ids) if found.personal else _compact(found, key))]
    return "\n".join(lines) + "\n"


def _mapped(plans: list[TablePlan]) -> bool:
    return any("." not in p.table.name for p in plans)


def _refused(found: TablePlan) -> Iterator[str]:
    """A dot separates dataset, collection and field, so names with one cannot be in a data map; what the database
    computes can neither be sealed nor emptied."""
    if "." in found.table.name:
        yield f"      # Left out, its name has a dot: table {yaml_text(found.table.name)}"
        return
    for field in found.fields:
        why = "its name has a dot" if "." in field.column.name else "the database computes it"
        if field not in _shown(found):
            yield f"      # Left out, {why}: column {yaml_text(field.column.name)} of {yaml_text(found.table.name)}"


def table_lines(found: TablePlan, key: str, ids: Iterator[int]) -> Iterator[str]:
    for reason in (*_about(found), *found.reasons):
        yield f"      # {_comment(reason)}"
    yield f"      - name: {yaml_text(found.table.name)}"
    if found.subject:
        yield "        privacy:"
        yield f"          subject: {found.subject}"
        yield "          erase_rows: fields"
    elif found.owner and found.named_by_key:
        yield "        privacy: {erase_rows: delete}"
    yield "        fields:"
    for field in _shown(found):
        yield from field_lines(field, key, ids, _PERSONS_ROW if found.subject else _OTHER_ROW)


def _about(found: TablePlan) -> Iterator[str]:
    telling = [f.column.name for f in found.fields if f.personal and not f.primary_key and not f.reference]
    if found.subject:
        yield f"Each row is a person ({found.subject}): {_listed(telling)}."
    elif found.owner:
        what = f": {_listed(telling)}" if telling else ""
        yield f"Rows belong to a person of {found.owner}, by reference{what}."
    else:
        yield f"Looks personal ({_listed(telling)}), but no reference leads to a person: please check."
    if found.named_by_key and not found.subject:
        yield "Its key says who somebody is, and a key stays at erasure: " + (
            "the row goes." if found.owner else "give it a number of its own."
        )
    if not found.table.key:
        yield "The table has no primary key: its rows cannot be told apart, so nothing here is sealed or erased."
        yield "Please check: give the columns that are unique together `primary_key: true`, then the references."


def _listed(names: list[str]) -> str:
    return ", ".join(map(_comment, names[:6])) + (" …" if len(names) > 6 else "")


def field_lines(field: FieldPlan, key: str, ids: Iterator[int], unknown: str) -> Iterator[str]:
    pad = " " * 10
    yield f"{pad}# {_reasons(field) or unknown}"
    yield f"{pad}- name: {yaml_text(field.column.name)}"
    yield f"{pad}  data_categories: [{field.category}]"
    meta = list(_meta(field, key))
    if meta:
        yield f"{pad}  fides_meta:"
        yield from (f"{pad}    {line}" for line in meta)
    if field.erase or field.tells:
        yield f"{pad}  privacy:"
        yield from (f"{pad}    {line}" for line in _privacy(field, ids))


_PERSONS_ROW = "neither header nor values tell what it says of the person: please check"
_OTHER_ROW = "neither header nor values speak of a person"


def _reasons(field: FieldPlan) -> str:
    said = [*(["primary key"] if field.primary_key else []), *field.reasons]
    if field.personal and field.confidence < _LEAST_SURE:
        said.append("please check")
    return _comment("; ".join(said))


def _meta(field: FieldPlan, key: str) -> Iterator[str]:
    if field.primary_key:
        yield "primary_key: true"
    if field.identity:
        yield f"identity: {'phone_number' if field.identity == 'phone' else field.identity}"
    if field.column.kind in _TYPES:
        yield f"data_type: {_TYPES[field.column.kind]}"
    if field.column.kind == "text" and field.column.length:
        yield f"length: {field.column.length}"
    if field.reference:
        target = yaml_text(f"{field.reference.table}.{field.reference.target}")
        yield "references:"
        yield f"  - dataset: {yaml_text(key)}"
        yield f"    field: {target}"
        yield "    direction: from"


_TYPES = {"text": "string", "integer": "integer", "number": "float", "bool": "boolean"}
"""fideslang's data types; it has none for dates."""


def _privacy(field: FieldPlan, ids: Iterator[int]) -> Iterator[str]:
    if field.seal:
        yield f"id: {next(ids)}"
        yield "seal: true"
        if field.index:
            yield f"index: [{field.index}]"
    elif field.erase:
        yield "seal: false"
    if field.erase:
        yield f"erase: {field.erase}"
    if field.replace is not None:
        yield f"replace: {json.dumps(field.replace)}"
    if field.tells:
        yield f"tells: {field.tells}"


def _compact(found: TablePlan, key: str) -> Iterator[str]:
    """About nobody: one category for the whole table, a line a field."""
    yield f"      - name: {yaml_text(found.table.name)}"
    yield f"        data_categories: [{NOBODY}]"
    yield "        fields:"
    for field in _shown(found):
        meta = []
        if field.primary_key:
            meta.append("primary_key: true")
        if field.reference:
            target = yaml_text(f"{field.reference.table}.{field.reference.target}")
            meta.append(f"references: [{{dataset: {yaml_text(key)}, field: {target}, direction: from}}]")
        more = f", fides_meta: {{{', '.join(meta)}}}" if meta else ""
        yield f"          - {{name: {yaml_text(field.column.name)}{more}}}"


def _shown(found: TablePlan) -> list[FieldPlan]:
    return [f for f in found.fields if "." not in f.column.name and not f.column.computed]


def yaml_text(value: str) -> str:
    """A YAML scalar. JSON's strings are YAML's; what cannot be seen is escaped, the loader refuses it in clear."""
    if _PLAIN.fullmatch(value) and value.lower() not in _YAML_WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)


def _comment(value: str) -> str:
    """On one line, whatever a column is called."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())
