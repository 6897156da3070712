"""The vault's part about backups that come back: whole databases, and single rows."""

from sqlalchemy.orm import Session

from privacy_svc.vault import reinstating, restoring, undone
from privacy_svc.vault.ledger import Line
from privacy_svc.vault.people import People


class Returning(People):
    """After a restore."""

    def relearn_keys(self, session: Session) -> tuple[list[Line], restoring.Recovered]:
        """What the ledger has and a restored database lacks, and everybody's keys as far as they can be had; the
        lines are still to be repeated. Raises Misconfigured, KeyUnavailable."""
        self.ledger.number(session)
        lines = self.ledger.missing(session)
        restoring.end_epochs(session, self.pages, lines)
        return lines, restoring.recover_keys(session, self.organisation, self.ledger.folder)

    def repeat(self, session: Session, line: Line) -> None:
        """One of those lines; see `restoring.repeat`."""
        restoring.repeat(session, self.pages, self.organisation, line)

    def refuse_undone(self, session: Session) -> None:
        """At the start. Raises Restored where an erasure of the ledger does not hold in the database."""
        undone.refuse(session, self.ledger)

    def undone(self, session: Session) -> set[str]:
        """Erased people whose erasure, or whose evidence key's end, does not hold in the database."""
        return undone.undone(session, self.ledger)

    def told_of_undone(self, session: Session) -> list[reinstating.Told]:
        """The same, with what the ledger tells of each; its whole chain is checked. Raises Misconfigured."""
        people = self.undone(session)
        return reinstating.told(self.ledger.lines(), people) if people else []

    def reinstate(self, session: Session, person: reinstating.Told) -> None:
        """Erase again; see `reinstating.reinstate`."""
        reinstating.reinstate(session, self.pages, person)
