"""What can be wrong about an audit, beside `Misconfigured` for its files."""

from privacy_svc.errors import NotFound, PrivacyError


class UnknownOrder(NotFound):
    slug, title = "unknown-order", "There is no such order"
    remedy = "Orders are kept for a day; ask for the work again."


class UnknownProgramme(NotFound):
    slug, title = "unknown-programme", "There is no such audit programme"
    remedy = "Use a programme of audits/programmes.yml; `privacy-svc audit list` names them."


class UnknownAudit(NotFound):
    slug, title = "unknown-audit", "There is no such audit run"
    remedy = "Use the id that the run answered with."


class AlteredReport(PrivacyError):
    slug, title = "altered-report", "A kept audit report is not the one that was signed"
    remedy = "Somebody changed the privacy database past this service: restore the row from a backup, and find out who."
