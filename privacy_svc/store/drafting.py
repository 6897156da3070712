"""What to propose for a store nobody mapped yet: who its persons are, what belongs to them, what to do with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from privacy_svc.pii import ColumnGuess, Context, guess_column
from privacy_svc.policy import NAMING, Dataset, Erase, Tells, within
from privacy_svc.store.draft_facts import name_facts
from privacy_svc.store.draft_persons import context_of_table, facts_of, owner_of, subjects_of
from privacy_svc.store.draft_references import mark_strays, references
from privacy_svc.store.schema import Column, ForeignKey, Schema, Table

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
    tells: Tells | None = None
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
    def named_by_key(self) -> bool:
        """Its rows' key says who somebody is."""
        return any(f.primary_key and within(f.category, NAMING) for f in self.fields)

    @property
    def personal(self) -> bool:
        return self.subject is not None or any(f.personal for f in self.fields)


def plan(schema: Schema) -> list[TablePlan]:
    """One plan a table: persons first, then what belongs to them, then the rest."""
    tables = {t.name: replace(t, foreign_keys=references(t, schema)) for t in schema.tables if t.columns}
    contexts: dict[str, Context] = {name: context_of_table(t) for name, t in tables.items()}
    subjects = subjects_of(tables, contexts)
    tables = {name: mark_strays(t, tables, subjects) for name, t in tables.items()}
    targets = {(f.table, f.target) for t in tables.values() for f in t.foreign_keys}
    plans = [_plan_table(t, tables, contexts[name], subjects, targets) for name, t in tables.items()]
    plans = [_hinted(p, schema, tables, subjects, targets) for p in plans]
    return sorted(plans, key=lambda p: (_rank(p), p.table.name))


def _rank(found: TablePlan) -> int:
    if found.subject:
        return 0 if found.subject == "customer" else 1
    return 2 if found.personal and found.owner else 3 if found.personal else 4


def _plan_table(
    table: Table,
    tables: Mapping[str, Table],
    context: Context,
    subjects: Mapping[str, str],
    targets: set[tuple[str, str]],
) -> TablePlan:
    found = TablePlan(table, subjects.get(table.name))
    found.owner = None if found.subject else owner_of(table, tables, subjects)
    if context == "none" and found.owner:
        context = "owned"
    keys = {f.column: f for f in table.foreign_keys}
    for column in table.columns:
        guess = guess_column(facts_of(table, column), context)
        hangs = (table.name, column.name) in targets
        found.fields.append(_plan_field(found, column, guess, keys.get(column.name), subjects, hangs=hangs))
    found.fields.sort(key=lambda f: _order(f, subjects))
    _name_identities(found)
    if found.subject:
        name_facts(found.fields)
    return found


def _hinted(
    found: TablePlan,
    schema: Schema,
    tables: Mapping[str, Table],
    subjects: Mapping[str, str],
    targets: set[tuple[str, str]],
) -> TablePlan:
    """A foreign key that the data map cannot follow still says that the rows are somebody's."""
    whose = [f.table for f in schema.table(found.table.name).foreign_keys if f.table in subjects]
    if found.subject or found.owner or not whose:
        return found
    found = _plan_table(found.table, tables, "owned", subjects, targets)
    found.reasons.append(f"A foreign key leads to {whose[0]}, but the data map follows keys of one column that name")
    found.reasons.append("nobody, from rows that have a key of their own: please check whose these rows are.")
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
    plan = FieldPlan(column, primary_key=column.name in table.table.key)
    if reference:
        plan.reasons.append(_says_reference(reference))
        reference = plan.reference = None if reference.stray else reference
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
    if fk.stray:
        return f"not followed to {fk.table}.{fk.target}: a longer way leads to a customer, whose the row is"
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
        if plan.column.compared:
            plan.reasons.append("nor hold a value twice: before a second person can be erased, drop its unique index")


def _cannot_seal(column: Column, table: TablePlan, *, hangs: bool) -> str:
    if column.kind != "text" or not column.typed:
        what = column.kind if column.typed else "untyped"
        a = "an" if what[0] in "aeiou" else "a"
        return f"{a} {what} column would become text; give it `seal: true` where the CRM reads it through the gateway"
    if column.compared:
        return "it has a unique index, which would no longer compare values; drop that index to seal it"
    if hangs:
        return "rows of other tables refer to it"
    if not table.subject and not table.owner:
        return "no reference leads from here to a person, whose key would seal it"
    return column.hindrance


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


def unmapped(schema: Schema, dataset: Dataset) -> list[tuple[TablePlan, FieldPlan]]:
    """Columns that the data map does not name, each with its table."""
    return [
        (found, field)
        for found in plan(schema)
        for field in found.fields
        if found.table.name not in dataset.by_name or field.column.name not in dataset.by_name[found.table.name].by_name
    ]


def unmapped_personal(schema: Schema, dataset: Dataset) -> list[Unmapped]:
    """Of these the ones that look personal; why `policy check` has another rule says `unmapped_tables`."""
    return [
        Unmapped(found.table.name, field.column.name, field.category, "; ".join(field.reasons))
        for found, field in unmapped(schema, dataset)
        if field.personal
    ]
