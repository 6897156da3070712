"""What to propose for a store nobody mapped yet: who its persons are, what belongs to them, what to do with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from privacy_svc.pii import (
    ColumnFacts,
    ColumnGuess,
    Context,
    context_of,
    guess_column,
    is_organisation,
    split,
    subject_of,
)
from privacy_svc.policy import Dataset, Erase
from privacy_svc.store.schema import Column, ForeignKey, Schema, Table
from privacy_svc.vault import is_sealed_text

NOBODY = "system.operations"
GONE = "[erased]"
SEALED = (
    "user.name",
    "user.contact.email",
    "user.contact.phone_number",
    "user.contact.fax_number",
    "user.content",
    "user.demographic.date_of_birth",
    "user.financial",
    "user.government_id",
    "user.health_and_medical",
)
"""What by itself tells who somebody is, or nobody else may read."""
_SEALED_EXACTLY = tuple(f"user.contact.address{part}" for part in ("", ".street", ".postal_code", ".city"))
"""Country and state are too coarse, and reports group by them."""
_INDEXES = {"user.contact.email": "email", "user.contact.phone_number": "phone"}
_EMPTY = {"date": "1900-01-01", "integer": "0", "number": "0", "bool": "0"}
"""What to put where a column is neither text nor may be empty."""
_KEY_WORDS = frozenset("id ids nr no num number fk key ref uuid guid".split())  # noqa: SIM905 - words


@dataclass
class FieldPlan:
    column: Column
    category: str = NOBODY
    reasons: list[str] = field(default_factory=list)
    primary_key: bool = False
    reference: ForeignKey | None = None
    seal: bool = False
    index: str | None = None
    identity: str | None = None
    erase: Erase | None = None
    replace: str | None = None
    confidence: float = 1.0

    @property
    def personal(self) -> bool:
        return self.category != NOBODY


@dataclass
class TablePlan:
    table: Table
    subject: str | None = None
    owner: str | None = None
    """The table of persons its rows lead to."""
    reasons: list[str] = field(default_factory=list)
    fields: list[FieldPlan] = field(default_factory=list)

    @property
    def personal(self) -> bool:
        return self.subject is not None or any(f.personal for f in self.fields)


def plan(schema: Schema) -> list[TablePlan]:
    """One plan a table: persons first, then what belongs to them, then the rest."""
    tables = {t.name: replace(t, foreign_keys=_references(t, schema)) for t in schema.tables if t.columns}
    contexts: dict[str, Context] = {name: _context(t) for name, t in tables.items()}
    subjects = _subjects(tables, contexts)
    targets = {(f.table, f.target) for t in tables.values() for f in t.foreign_keys}
    plans = [_plan_table(t, tables, contexts[name], subjects, targets) for name, t in tables.items()]
    return sorted(plans, key=lambda p: (_rank(p), p.table.name))


def _rank(found: TablePlan) -> int:
    if found.subject:
        return 0 if found.subject == "customer" else 1
    return 2 if found.personal and found.owner else 3 if found.personal else 4


def facts_of(table: Table, column: Column) -> ColumnFacts:
    """Keys are keys, except that a text which is a primary key can still be somebody's address. What is sealed
    already says nothing about itself."""
    refers = any(f.column == column.name for f in table.foreign_keys)
    key = refers or (column.name in table.key and column.kind != "text")
    values = tuple(v for v in column.values if not is_sealed_text(v))
    return ColumnFacts(column.name, column.kind, values, key)


def _context(table: Table) -> Context:
    guesses = [guess_column(facts_of(table, c)).category for c in table.columns]
    if is_organisation(table.name) and not {"user.name.first", "user.name.last"} & set(guesses):
        return "none"
    return context_of([facts_of(table, c) for c in table.columns])


# --- references -----------------------------------------------------------------------------------------------------


def _references(table: Table, schema: Schema) -> tuple[ForeignKey, ...]:
    """Declared foreign keys to one whole key, and such as names give away where nothing is declared."""
    declared = {f.column: f for f in table.foreign_keys}
    found: list[ForeignKey] = []
    for column in table.columns:
        fk = declared.get(column.name) or _guessed(table, column, schema)
        if fk and (fk.table, fk.target) != (table.name, column.name) and _whole_key(schema, fk):
            found.append(fk)
    return tuple(found)


def _whole_key(schema: Schema, fk: ForeignKey) -> bool:
    target = next((t for t in schema.tables if t.name == fk.table), None)
    return target is not None and (target.key == (fk.target,) or target.column(fk.target).unique)


def _guessed(table: Table, column: Column, schema: Schema) -> ForeignKey | None:
    """`customer_id` of orders names the key of customers; so does `kundennr` where kunden has that key."""
    if table.key == (column.name,):
        return None
    words = split(column.name)
    stem = words[:-1] if words and words[-1] in _KEY_WORDS else ()
    for other in schema.tables:
        if other.name == table.name or len(other.key) != 1:
            continue
        key = other.column(other.key[0])
        same_name = key.name.lower() == column.name.lower() and key.name.lower() not in _KEY_WORDS
        if key.kind == column.kind and (same_name or (stem and _same(stem, split(other.name)))):
            return ForeignKey(column.name, other.name, key.name, declared=False)
    return None


def _same(stem: Sequence[str], name: Sequence[str]) -> bool:
    """`customer` and `tbl_customers`, `kunden` and `Kunde`, the plural aside."""
    return bool(_forms("".join(stem)) & (_forms("".join(name)) | _forms("".join(n for n in name if n != "tbl"))))


def _forms(word: str) -> set[str]:
    forms = {word} | {word.removesuffix(end) for end in ("s", "es", "n", "en", "e") if len(word) > len(end) + 2}
    return forms | ({word[:-3] + "y"} if word.endswith("ies") else set())


# --- persons --------------------------------------------------------------------------------------------------------


def _subjects(tables: Mapping[str, Table], contexts: Mapping[str, Context]) -> dict[str, str]:
    """Tables whose rows are persons, with their kind. A table that hangs on such a table is not one itself."""
    by_word = {n: s for n, t in tables.items() if (s := subject_of(n)) and contexts[n] == "person" and t.key}
    by_word = {n: s for n, s in by_word.items() if not _extends(tables[n], by_word)}
    others = {
        n: "customer"
        for n, t in tables.items()
        if n not in by_word and contexts[n] == "person" and t.key and _has_person(t) and not _refers(t, by_word)
    }
    return by_word | {n: s for n, s in others.items() if not _extends(tables[n], others)}


def _extends(table: Table, persons: Mapping[str, str]) -> bool:
    """Its key is the key of a person elsewhere: a profile, not another person."""
    keys = {f.column for f in table.foreign_keys if f.table in persons and f.table != table.name}
    return bool(table.key) and set(table.key) <= keys


def _refers(table: Table, persons: Mapping[str, str]) -> bool:
    return any(f.table in persons for f in table.foreign_keys)


def _has_person(table: Table) -> bool:
    found = {guess_column(facts_of(table, c), "person").category or "" for c in table.columns}
    named = any(c.startswith("user.name") for c in found)
    reached = bool(
        found & {"user.contact.phone_number", "user.demographic.date_of_birth", "user.contact.address.street"}
    )
    return "user.contact.email" in found or (named and reached)


def _owner(table: Table, tables: Mapping[str, Table], subjects: Mapping[str, str]) -> str | None:
    """The nearest table of persons by references, as the data map's `owner` finds it."""
    waiting, seen = [table], {table.name}
    while waiting:
        here = waiting.pop(0)
        for fk in _customers_first(here.foreign_keys, subjects):
            if fk.table in subjects:
                return fk.table
            if fk.table not in seen and fk.table in tables:
                seen.add(fk.table)
                waiting.append(tables[fk.table])
    return None


def _customers_first(keys: Sequence[ForeignKey], subjects: Mapping[str, str]) -> list[ForeignKey]:
    """A note about a customer is the customer's, not the colleague's who wrote it."""
    return sorted(keys, key=lambda f: subjects.get(f.table) == "employee")


# --- one table ------------------------------------------------------------------------------------------------------


def _plan_table(
    table: Table,
    tables: Mapping[str, Table],
    context: Context,
    subjects: Mapping[str, str],
    targets: set[tuple[str, str]],
) -> TablePlan:
    found = TablePlan(table, subjects.get(table.name))
    found.owner = None if found.subject else _owner(table, tables, subjects)
    if context == "none" and found.owner:
        context = "owned"
    keys = {f.column: f for f in table.foreign_keys}
    for column in table.columns:
        guess = guess_column(facts_of(table, column), context)
        hangs = (table.name, column.name) in targets
        found.fields.append(_plan_field(found, column, guess, keys.get(column.name), subjects, hangs=hangs))
    found.fields.sort(key=lambda f: _order(f, subjects))
    _name_identities(found)
    return found


def _order(plan: FieldPlan, subjects: Mapping[str, str]) -> int:
    """The first reference says whose the row is, so a colleague's comes after the customer's."""
    if plan.primary_key:
        return 0
    return 1 if plan.reference and subjects.get(plan.reference.table, "employee") != "employee" else 2


def _plan_field(
    table: TablePlan,
    column: Column,
    guess: ColumnGuess,
    reference: ForeignKey | None,
    subjects: Mapping[str, str],
    *,
    hangs: bool,
) -> FieldPlan:
    plan = FieldPlan(column, primary_key=column.name in table.table.key, reference=reference)
    if reference:
        plan.reasons.append(_says_reference(reference))
    if (plan.primary_key and table.subject) or (reference and reference.table in subjects):
        plan.category = "user.unique_id"
    if guess.category is None:
        return plan
    plan.category, plan.confidence = guess.category, guess.confidence
    plan.reasons += guess.reasons
    if not plan.primary_key and not reference:
        _treat(plan, table, hangs=hangs)
    return plan


def _says_reference(fk: ForeignKey) -> str:
    if fk.declared:
        return f"foreign key to {fk.table}.{fk.target}"
    return f"no foreign key is declared; its name says {fk.table}.{fk.target}, please check"


def _treat(plan: FieldPlan, table: TablePlan, *, hangs: bool) -> None:
    """Seal what tells who somebody is, where it can be; else empty it at erasure."""
    wanted = plan.category.startswith(SEALED) or plan.category in _SEALED_EXACTLY
    why_not = _cannot_seal(plan.column, table, hangs=hangs) if wanted else ""
    plan.seal = wanted and not why_not
    if why_not:
        plan.reasons.append(f"not sealed: {why_not}")
    if plan.seal:
        plan.erase, plan.index = Erase.SHRED, _INDEXES.get(plan.category)
    elif plan.column.nullable:
        plan.erase = Erase.NULL
    elif plan.column.kind in {"text", *_EMPTY}:
        plan.erase, plan.replace = Erase.REPLACE, _EMPTY.get(plan.column.kind, GONE)
        if plan.column.length and len(plan.replace) > plan.column.length:
            plan.replace = plan.replace[: plan.column.length].replace("[", "?") if plan.column.length > 1 else "?"
        plan.reasons.append("the column must not be empty")


def _cannot_seal(column: Column, table: TablePlan, *, hangs: bool) -> str:
    if column.kind != "text":
        return f"a {column.kind} column cannot hold sealed text; make it a text column to seal it"
    if column.unique:
        return "it has a unique index, which would no longer compare values; drop that index to seal it"
    if hangs:
        return "rows of other tables refer to it"
    if not table.table.key:
        return "the table has no primary key, so a sealed value could not be bound to its row"
    if not table.subject and not table.owner:
        return "no reference leads from here to a person, whose key would seal it"
    return ""


def _name_identities(table: TablePlan) -> None:
    """Callers may name the person by the first e-mail and the first phone of a table of persons."""
    seen: set[str] = set()
    for plan in table.fields if table.subject else ():
        kind = _INDEXES.get(plan.category)
        if kind and kind not in seen and not plan.primary_key:
            seen.add(kind)
            plan.identity = kind


@dataclass(frozen=True, slots=True)
class Unmapped:
    table: str
    column: str
    category: str
    why: str


def unmapped_personal(schema: Schema, dataset: Dataset) -> list[Unmapped]:
    """Columns that look personal and that the data map does not name."""
    return [
        Unmapped(found.table.name, field.column.name, field.category, "; ".join(field.reasons))
        for found in plan(schema)
        for field in found.fields
        if field.personal
        and (
            found.table.name not in dataset.by_name
            or field.column.name not in dataset.by_name[found.table.name].by_name
        )
    ]
