"""The organisation's policy: reads policies/, compiles an immutable PolicySet, decides.

`decide` is pure: a module, a purpose, fields and a person's live state in; permit, mask or deny for each
field out, with every reason. Files are YAML and Markdown a DPO reviews in a pull request; the data map is a
fideslang dataset manifest (https://ethyca.github.io/fideslang/), purposes carry W3C DPV terms.
"""

from privacy_svc.policy.appearance import Appearance
from privacy_svc.policy.automated import Automated, AutomatedGround
from privacy_svc.policy.casefiles import Case, read_cases
from privacy_svc.policy.casetests import Failure, TestRun, Unhit, run_cases
from privacy_svc.policy.categories import NAMING, and_above, special_article, special_within, within
from privacy_svc.policy.changes import Change, Direction
from privacy_svc.policy.comparing import compare, compare_over, direction, outcome
from privacy_svc.policy.connectorfiles import plain as filled_in
from privacy_svc.policy.connectors import Auth, AuthBy, Call, Connector, Correcting, Manual, Paging, PagingBy, Reading
from privacy_svc.policy.consentages import consent_age
from privacy_svc.policy.controller import Commission, DeadlineRules, FourEyes, Organisation, Party, Sender, Tell, TellBy
from privacy_svc.policy.datamap import (
    Check,
    Collection,
    DataMap,
    Dataset,
    Erase,
    EraseRows,
    Field,
    Keep,
    Normaliser,
    Reference,
    Source,
    Tells,
)
from privacy_svc.policy.decide import Decision, decide, is_objected, is_objectionable, ungranted
from privacy_svc.policy.durations import add_duration, parse_duration, surely_before
from privacy_svc.policy.facts import (
    GROWN,
    OF_AGE,
    Facts,
    age_on,
    anchor,
    birth_date,
    country_code,
    end_date,
    last_passed,
)
from privacy_svc.policy.fieldrules import Effect, FieldDecision, denied
from privacy_svc.policy.findings import Finding, FindingKind, findings, notes
from privacy_svc.policy.holder import PolicyHolder
from privacy_svc.policy.keeping import kept_from, kept_until
from privacy_svc.policy.loader import compile_policies, load_policies, read_files, version_of
from privacy_svc.policy.masks import apply_mask
from privacy_svc.policy.policyset import (
    ConsentRule,
    Group,
    LegalBasis,
    Mask,
    Module,
    Notice,
    PolicySet,
    Purpose,
    SpecialCondition,
)
from privacy_svc.policy.reading import Block, Faults
from privacy_svc.policy.reasons import Reason, ReasonCode, reason
from privacy_svc.policy.retention import RELATIONSHIP_END, RetentionRules, RowRule
from privacy_svc.policy.retentionchecks import PEOPLE, people_over
from privacy_svc.policy.service import (
    AlteredPolicy,
    KeptPolicy,
    KeptVersion,
    Versions,
    kept_notice,
    kept_policy,
    kept_versions,
    newest,
    newest_version,
    recall,
    remember,
)
from privacy_svc.policy.subjectstate import DIRECT_MARKETING, PROFILING, ConsentFact, SubjectState
from privacy_svc.policy.telling import tellers
from privacy_svc.policy.textdiff import text_changes
from privacy_svc.policy.ways import Way, Ways
from privacy_svc.policy.widening import refuse_widened
from privacy_svc.policy.yamlfile import Node, read_yaml

__all__ = [
    "DIRECT_MARKETING",
    "GROWN",
    "NAMING",
    "OF_AGE",
    "PEOPLE",
    "PROFILING",
    "RELATIONSHIP_END",
    "AlteredPolicy",
    "Appearance",
    "Auth",
    "AuthBy",
    "Automated",
    "AutomatedGround",
    "Block",
    "Call",
    "Case",
    "Change",
    "Check",
    "Collection",
    "Commission",
    "Connector",
    "ConsentFact",
    "ConsentRule",
    "Correcting",
    "DataMap",
    "Dataset",
    "DeadlineRules",
    "Decision",
    "Direction",
    "Effect",
    "Erase",
    "EraseRows",
    "Facts",
    "Failure",
    "Faults",
    "Field",
    "FieldDecision",
    "Finding",
    "FindingKind",
    "FourEyes",
    "Group",
    "Keep",
    "KeptPolicy",
    "KeptVersion",
    "LegalBasis",
    "Manual",
    "Mask",
    "Module",
    "Node",
    "Normaliser",
    "Notice",
    "Organisation",
    "Paging",
    "PagingBy",
    "Party",
    "PolicyHolder",
    "PolicySet",
    "Purpose",
    "Reading",
    "Reason",
    "ReasonCode",
    "Reference",
    "RetentionRules",
    "RowRule",
    "Sender",
    "Source",
    "SpecialCondition",
    "SubjectState",
    "Tell",
    "TellBy",
    "Tells",
    "TestRun",
    "Unhit",
    "Versions",
    "Way",
    "Ways",
    "add_duration",
    "age_on",
    "anchor",
    "and_above",
    "apply_mask",
    "birth_date",
    "compare",
    "compare_over",
    "compile_policies",
    "consent_age",
    "country_code",
    "decide",
    "denied",
    "direction",
    "end_date",
    "filled_in",
    "findings",
    "is_objected",
    "is_objectionable",
    "kept_from",
    "kept_notice",
    "kept_policy",
    "kept_until",
    "kept_versions",
    "last_passed",
    "load_policies",
    "newest",
    "newest_version",
    "notes",
    "outcome",
    "parse_duration",
    "people_over",
    "read_cases",
    "read_files",
    "read_yaml",
    "reason",
    "recall",
    "refuse_widened",
    "remember",
    "run_cases",
    "special_article",
    "special_within",
    "surely_before",
    "tellers",
    "text_changes",
    "ungranted",
    "version_of",
    "within",
]
