"""The customer stores: the CRM's own databases, read and written through the policy.

Binds the data map to real tables, finds the person behind a row and the rows of a person,
seals mapped fields in place, releases fields by decision (OpenID AuthZEN 1.0 on the wire),
corrects and erases. What it keeps itself: which row is which person, and blind indexes.
"""

from privacy_svc.store import audience_routes, authzen, authzen_search, outdated, policy_routes, routes, scan_routes
from privacy_svc.store.audiences import Audiences
from privacy_svc.store.binding import Stores, open_store
from privacy_svc.store.blind import drop_subject as forget_subject
from privacy_svc.store.columns import notes as sealing_notes
from privacy_svc.store.dates import day_of
from privacy_svc.store.directory import Directory
from privacy_svc.store.draft import draft_dataset
from privacy_svc.store.drafting import unmapped_personal
from privacy_svc.store.emptying import STAYS, ErasedItem
from privacy_svc.store.erasure import Cleaned, check_erasable, end_kept, erase_subject
from privacy_svc.store.errors import (
    CannotErase,
    CannotExpire,
    CannotRectify,
    CannotSeal,
    Moved,
    UnknownField,
    UnknownPurpose,
    nearest,
)
from privacy_svc.store.evaluating import Answer, Answered, Boxcar, Case, Evaluations
from privacy_svc.store.everybody import Everybody
from privacy_svc.store.facts import FactReader
from privacy_svc.store.gateway import Gateway, Record
from privacy_svc.store.inclear import complete_paths
from privacy_svc.store.keeping import reseal_births
from privacy_svc.store.known import Known, is_redactable, known_of
from privacy_svc.store.leftover import Decided, FoundAt, Leftover, row_of
from privacy_svc.store.numbers import as_text
from privacy_svc.store.pdp import DecisionPoint, Question, is_released
from privacy_svc.store.planning import IndexPlan
from privacy_svc.store.planning import plans as plan_indexes
from privacy_svc.store.proposing import next_id, propose
from privacy_svc.store.readback import read_back
from privacy_svc.store.rectify import (
    Change,
    Planned,
    check_changes,
    check_rectifiable,
    plan_rectification,
    rectify,
)
from privacy_svc.store.refreshing import keep_person, refresh_facts
from privacy_svc.store.remembering import known_again
from privacy_svc.store.rotating import (
    Rotated,
    begin_index,
    continue_rotation,
    fill_index,
    finish_rotation,
    replace_keys,
)
from privacy_svc.store.schema import read_schema
from privacy_svc.store.sealer import Sealer, Tally
from privacy_svc.store.sealing import check as check_sealable
from privacy_svc.store.sealing import seal, seal_pending
from privacy_svc.store.sealing import status as seal_status
from privacy_svc.store.shadowing import Shadow
from privacy_svc.store.simulating import Simulated, Simulation
from privacy_svc.store.subjects import admit as admit_people
from privacy_svc.store.subjects import known as known_people
from privacy_svc.store.subjects import link as link_rows
from privacy_svc.store.subjects import rows_of as identity_rows
from privacy_svc.store.subjects import rows_of_many as rows_of_people
from privacy_svc.store.sweeping import Searched, Sweep
from privacy_svc.store.telling import telling
from privacy_svc.store.unsealing import unseal
from privacy_svc.store.unsearched import unmapped_lately, unmapped_tables
from privacy_svc.store.walk import FoundRow, WalkOpened, own_rows, walk

HANDLERS = [
    *routes.HANDLERS,
    *authzen.HANDLERS,
    *authzen_search.HANDLERS,
    *audience_routes.HANDLERS,
    *policy_routes.HANDLERS,
    *scan_routes.HANDLERS,
]

__all__ = [
    "HANDLERS",
    "STAYS",
    "Answer",
    "Answered",
    "Audiences",
    "Boxcar",
    "CannotErase",
    "CannotExpire",
    "CannotRectify",
    "CannotSeal",
    "Case",
    "Change",
    "Cleaned",
    "Decided",
    "DecisionPoint",
    "Directory",
    "ErasedItem",
    "Evaluations",
    "Everybody",
    "FactReader",
    "FoundAt",
    "FoundRow",
    "Gateway",
    "IndexPlan",
    "Known",
    "Leftover",
    "Moved",
    "Planned",
    "Question",
    "Record",
    "Rotated",
    "Sealer",
    "Searched",
    "Shadow",
    "Simulated",
    "Simulation",
    "Stores",
    "Sweep",
    "Tally",
    "UnknownField",
    "UnknownPurpose",
    "WalkOpened",
    "admit_people",
    "as_text",
    "begin_index",
    "check_changes",
    "check_erasable",
    "check_rectifiable",
    "check_sealable",
    "complete_paths",
    "continue_rotation",
    "day_of",
    "draft_dataset",
    "end_kept",
    "erase_subject",
    "fill_index",
    "finish_rotation",
    "forget_subject",
    "identity_rows",
    "is_redactable",
    "is_released",
    "keep_person",
    "known_again",
    "known_of",
    "known_people",
    "link_rows",
    "nearest",
    "next_id",
    "open_store",
    "outdated",
    "own_rows",
    "plan_indexes",
    "plan_rectification",
    "propose",
    "read_back",
    "read_schema",
    "rectify",
    "refresh_facts",
    "replace_keys",
    "reseal_births",
    "row_of",
    "rows_of_people",
    "seal",
    "seal_pending",
    "seal_status",
    "sealing_notes",
    "telling",
    "unmapped_lately",
    "unmapped_personal",
    "unmapped_tables",
    "unseal",
    "walk",
]
