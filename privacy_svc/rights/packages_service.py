"""Packages and the links to them, and to certificates, as routes, command line and Privacy Centre use them: each method
is one transaction, and mail goes out after it."""

from privacy_svc.rights import certificate_link, links, owed, reading
from privacy_svc.rights.address import reach
from privacy_svc.rights.errors import AddressMissing
from privacy_svc.rights.owed_model import PACKAGE
from privacy_svc.rights.parts import find
from privacy_svc.rights.service import Requests
from privacy_svc.rights.views import PackageLinkView


class Packages:
    def __init__(self, requests: Requests) -> None:
        self._requests, self.database, self.parts = requests, requests.database, requests.parts

    def package(self, request_id: str, actor: str) -> bytes:
        """The zip; each download is logged."""
        with self.database.write() as session:
            return reading.package(session, self.parts, find(session, request_id), actor)

    def offer(self, token: str) -> links.Offer:
        """What a link to a package gives; raises PackageLinkGone."""
        with self.database.read() as session:
            return links.offer(session, token)

    def fetch(self, token: str) -> tuple[str, bytes]:
        """The request's id and the zip, by the person's link; each download is logged. Raises PackageLinkGone."""
        with self.database.write() as session:
            return links.fetch(session, self.parts, token)

    def certificate(self, token: str) -> tuple[str, str]:
        """The request's id and the certificate, by the link of the last letter. Raises CertificateLinkGone."""
        with self.database.read() as session:
            return certificate_link.fetch(session, self.parts, token)

    def link(self, request_id: str) -> PackageLinkView:
        """How the newest link to the package stands. Raises NotFound."""
        with self.database.read() as session:
            return reading.link_view(session, find(session, request_id))

    def renew_link(self, request_id: str, actor: str) -> PackageLinkView:
        """A new link to the address on file; earlier ones end. Raises NotFound, AddressMissing, MailUnavailable."""
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            address = reach(session, self.parts, request)
            if address is None:
                raise AddressMissing("A link cannot be sent: there is no e-mail address on file.")
            letter = links.letter(session, self.parts, request, links.renew(session, self.parts, request, actor))
        self._requests.deliver(request_id, address, letter, actor)
        with self.database.write() as session:
            owed.settle(session, find(session, request_id, lock=True), PACKAGE, actor)
        return self.link(request_id)

    def revoke_link(self, request_id: str, actor: str) -> None:
        """Raises Conflict where none works."""
        self._requests.change(request_id, lambda s, r: links.revoke(s, self.parts, r, actor))
