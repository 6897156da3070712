"""Files that prove what a request says: a passport's scan for a corrected name. Sealed by the evidence key, like all
that was said about a request, and gone with it.

What a file is, is read from its first bytes, never believed; it is given back as a download and never shown.
"""

import base64
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy_svc.errors import BadRequest, Conflict, NotFound
from privacy_svc.rights import details
from privacy_svc.rights.model import ATTACHED, DataRequest, RequestFile
from privacy_svc.rights.parts import Event, Parts

LARGEST = 500_000
"""Bytes of one file."""
MOST = 5
"""Files of one request."""
_LONGEST_NAME = 200
_BEGINNINGS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


def attach(session: Session, parts: Parts, request: DataRequest, name: str, content: bytes, actor: str) -> RequestFile:
    """Raises BadRequest for a file of another kind or too large, Conflict for an ended request or too many files."""
    if request.closed_at is not None:
        raise Conflict(f"The request is {request.state}.")
    if not 0 < len(content) <= LARGEST:
        raise BadRequest(f"A file has 1 to {LARGEST:,} bytes; this one has {len(content):,}.")
    kind = kind_of(content)
    if kind is None:
        raise BadRequest("A file is a PDF, a PNG, a JPEG or a plain text in UTF-8.")
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise BadRequest(f"A file has a name of at most {_LONGEST_NAME} characters.")
    there = session.scalar(select(func.count()).select_from(RequestFile).where(RequestFile.request_id == request.id))
    if there is not None and there >= MOST:
        raise Conflict(f"A request has at most {MOST} files.")
    file = RequestFile(request_id=request.id, size=len(content), kind=kind, added_by=actor, sealed=b"")
    session.add(file)
    session.flush()
    held = {"name": name.strip(), "content": base64.b64encode(content).decode()}
    file.sealed = details.cipher_of(session, parts.vault, request).seal(ATTACHED, file.id, held)
    parts.note(session, request, Event.FILE_ATTACHED, actor, kind=kind, bytes=len(content))
    return file


def kind_of(content: bytes) -> str | None:
    for beginning, kind in _BEGINNINGS.items():
        if content.startswith(beginning):
            return kind
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "text/plain" if all(c.isprintable() or c in "\r\n\t" for c in text) else None


def listed(session: Session, parts: Parts, request: DataRequest) -> list[dict[str, Any]]:
    """Without what is in them."""
    cipher = details.cipher_of(session, parts.vault, request)
    files = select(RequestFile).where(RequestFile.request_id == request.id).order_by(RequestFile.id)
    return [
        {
            "id": f.id,
            "name": cipher.open(ATTACHED, f.id, f.sealed)["name"],
            "type": f.kind,
            "size": f.size,
            "added_by": f.added_by,
            "added_at": f.added_at.isoformat(),
        }
        for f in session.scalars(files)
    ]


def content_of(session: Session, parts: Parts, request: DataRequest, file_id: str, actor: str) -> tuple[str, bytes]:
    """Its kind and bytes; the look is logged. Raises NotFound."""
    file = session.get(RequestFile, file_id)
    if file is None or file.request_id != request.id:
        raise NotFound("This request has no such file.")
    opened = details.cipher_of(session, parts.vault, request).open(ATTACHED, file.id, file.sealed)
    parts.note(session, request, Event.FILE_READ, actor, kind=file.kind, bytes=file.size)
    return file.kind, base64.b64decode(opened["content"])
