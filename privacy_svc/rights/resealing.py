"""Packages, and what was read elsewhere for one, sealed anew after a person's key was replaced."""

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.outside_model import GATHERED, RequestWork
from privacy_svc.rights.packages_model import PACKAGE, RequestPackage
from privacy_svc.vault import SubjectCipher


def reseal_packages(session: Session, cipher: SubjectCipher) -> None:
    """A `vault.Holder`. Raises Tampered where a package does not open."""
    mine = select(RequestPackage).where(RequestPackage.subject_id == cipher.subject_id)
    for package in session.scalars(mine.options(undefer(RequestPackage.sealed))):
        if cipher.is_older(package.sealed):
            at = cipher.at(package.request_id)
            package.sealed = at.seal(PACKAGE, at.open(PACKAGE, package.sealed))
    joined = select(RequestWork).join(DataRequest, DataRequest.id == RequestWork.request_id)
    for work in session.scalars(joined.where(DataRequest.subject_id == cipher.subject_id)):
        if work.gathered is not None and cipher.is_older(work.gathered):
            at = cipher.at(f"{work.request_id}/{work.place}")
            work.gathered = at.seal(GATHERED, at.open(GATHERED, work.gathered))
    session.flush()
