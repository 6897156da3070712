"""What comes after requests: ends of what outlived an erasure and of packages, people who come back, and a backup that
comes back. As command line and worker use it."""

from privacy_svc.db import now
from privacy_svc.errors import UnknownCustomer
from privacy_svc.http import CustomerRef
from privacy_svc.rights import ended_packages, ended_proofs, evidence, kept, readmission, restoring
from privacy_svc.rights.service import Requests
from privacy_svc.rights.views import Readmitted


class Aftermath:
    def __init__(self, requests: Requests) -> None:
        self.database, self.parts = requests.database, requests.parts

    def readmit(self, customer: CustomerRef, reason: str, actor: str) -> Readmitted:
        """An erased person comes back; raises UnknownCustomer, Conflict for somebody who is not erased."""
        with self.database.write() as session:
            subject_id = self.parts.directory.find(session, customer)
            if subject_id is None:
                raise UnknownCustomer("There is no such erased person.")
            done = readmission.readmit(session, self.parts, subject_id, reason, actor)
        self.parts.vault.ledger.export(self.database)
        return done

    def replay(self, actor: str, progress: restoring.Progress) -> restoring.Replayed:
        """After a restore; see `restoring`."""
        return restoring.replay(self.database, self.parts, actor, progress)

    def evidence_over(self) -> int:
        """Of how many people the evidence is to end now."""
        with self.database.read() as session:
            return len(evidence.over(session, self.parts, now()))

    def end_evidence(self, actor: str, *, automatic: bool = False) -> evidence.Ended:
        """Destroys the evidence keys whose date has come, but nobody's under a hold; see `evidence`."""
        return evidence.end_all(self.database, self.parts, actor, automatic=automatic)

    def kept_over(self) -> tuple[int, int]:
        """How many kept values are to be emptied now, by person and place; and of how many people somebody has to look,
        since they came back."""
        with self.database.read() as session:
            due, left = kept.over(session, self.parts.log, now())
            return len(due), left

    def end_kept(self, actor: str, *, automatic: bool = False) -> kept.EndedValues:
        """Empties kept values whose date has come, but nobody's under a hold; see `kept`."""
        return kept.end_all(self.database, self.parts, actor, automatic=automatic)

    def end_packages(self) -> int:
        """Deletes packages whose links are over; how many."""
        return ended_packages.delete_ended(self.database, self.parts)

    def end_proofs(self) -> int:
        """Deletes what was said about requests and is not needed any more; of how many requests."""
        return ended_proofs.end_all(self.database, self.parts)
