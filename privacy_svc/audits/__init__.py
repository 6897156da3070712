"""The DPO's audits: checks and programmes as files, signed reports; the register of processing (Art. 30).

An audit reads on a connection that cannot write, shows pseudonyms only, and says `error` for what it could not
find out. Law references are of the GDPR; the catalogue follows the ICO's accountability framework and
ISO/IEC 27701:2025.
"""

from privacy_svc.audits.breach_facts import held_categories
from privacy_svc.audits.breach_routes import BREACHES
from privacy_svc.audits.breach_routes import HANDLERS as BREACH_HANDLERS
from privacy_svc.audits.breach_schemas import (
    AssessBreach,
    BreachDetails,
    BreachView,
    Exempt,
    RegisterBreach,
    Risk,
    TellAuthority,
    TellPeople,
)
from privacy_svc.audits.breaches import Breaches
from privacy_svc.audits.builtins import BUILTINS
from privacy_svc.audits.checks import Check, Every, Programme, Severity, load_programmes
from privacy_svc.audits.dpia import screening
from privacy_svc.audits.errors import UnknownAudit, UnknownOrder, UnknownProgramme
from privacy_svc.audits.formats import Format, affected_as, register_as, report_as, screening_as
from privacy_svc.audits.model import AuditRun
from privacy_svc.audits.ordering import Kind, Order, Orders, Stage
from privacy_svc.audits.ropa import register
from privacy_svc.audits.routes import AUDITS
from privacy_svc.audits.routes import HANDLERS as AUDIT_HANDLERS
from privacy_svc.audits.scheduling import Schedule, period
from privacy_svc.audits.service import Audits
from privacy_svc.audits.working import Work

HANDLERS = [*AUDIT_HANDLERS, *BREACH_HANDLERS]

__all__ = [
    "AUDITS",
    "BREACHES",
    "BUILTINS",
    "HANDLERS",
    "AssessBreach",
    "AuditRun",
    "Audits",
    "BreachDetails",
    "BreachView",
    "Breaches",
    "Check",
    "Every",
    "Exempt",
    "Format",
    "Kind",
    "Order",
    "Orders",
    "Programme",
    "RegisterBreach",
    "Risk",
    "Schedule",
    "Severity",
    "Stage",
    "TellAuthority",
    "TellPeople",
    "UnknownAudit",
    "UnknownOrder",
    "UnknownProgramme",
    "Work",
    "affected_as",
    "held_categories",
    "load_programmes",
    "period",
    "register",
    "register_as",
    "report_as",
    "screening",
    "screening_as",
]
