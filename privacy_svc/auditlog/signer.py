"""The service's signing key: checkpoints, receipts, certificates, audit reports."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from privacy_svc.auditlog.checkpoint import Checkpoint, open_checkpoint
from privacy_svc.auditlog.handover import Handover
from privacy_svc.auditlog.keyfiles import KeyFolder, Keys, handover_document, verifier_of
from privacy_svc.auditlog.signed_json import sign_json
from privacy_svc.auditlog.signed_note import ML_DSA_44, NoteError, Verifier, cosigned_message, signature_line
from privacy_svc.errors import KeyUnavailable


class Signer:
    """An Ed25519 key in a file of mode 0600, apart from the database's credentials.

    With a second key, of ML-DSA-44 (FIPS 204), checkpoints bear its cosignature too: they hold when a quantum
    computer has broken the first. A key may be replaced (`rotate`): every process of the folder signs with the new one
    at once, and what the former ones signed is verified by them, up to where they were in force.
    """

    def __init__(self, keys: Keys, folder: KeyFolder | None = None) -> None:
        self._held, self._folder = keys, folder

    @classmethod
    def create(cls, folder: Path, name: str) -> Self:
        """A new key. Refuses to replace one: what it signed could not be told from what another signed."""
        KeyFolder(folder, name).create()
        return cls.load(folder, name)

    @staticmethod
    def add_second(folder: Path) -> None:
        """A key of ML-DSA-44 beside the first. Refuses to replace one."""
        KeyFolder.add_second(folder)

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Raises KeyUnavailable when it is missing, Misconfigured when others could read it."""
        keys = KeyFolder(folder, name)
        return cls(keys.read(), keys)

    def __repr__(self) -> str:
        return f"Signer({self.name!r})"

    @property
    def _keys(self) -> Keys:
        """As they are now: another process may have replaced one."""
        if self._folder is not None and self._folder.changed(self._held):
            self._held = self._folder.read()
        return self._held

    @property
    def name(self) -> str:
        return self._held.name

    @property
    def verifier(self) -> Verifier:
        return self._keys.verifier

    @property
    def second(self) -> Verifier | None:
        return self._keys.second_verifier

    @property
    def vkey(self) -> str:
        return self.verifier.vkey

    @property
    def handovers(self) -> Sequence[Handover]:
        """From the first key to this one, oldest first."""
        return self._keys.handovers

    def handover_documents(self) -> Sequence[Mapping[str, Any]]:
        """As both keys of each signed them, for those who trust an older one."""
        return [h.document for h in self.handovers]

    @property
    def rotating(self) -> bool:
        """A new key has taken over, and no checkpoint that both signed is published yet."""
        return self._keys.previous is not None

    @property
    def handed_over(self) -> bool:
        """Both keys of a rotation have said so, and the former one's private half is still here."""
        return self.rotating and self._keys.handed_over

    def rotate(self) -> None:
        """A new key takes over at once. The caller holds the log's lock, and hands over."""
        assert self._folder is not None
        self._folder.rotate()

    def hand_over(self, after: int) -> Handover:
        """What the former key and this one sign about the change; the one that is there already where there is one.
        `after`: of how many entries the newest checkpoint is; those of more are this key's."""
        keys = self._keys
        assert keys.previous is not None
        if not keys.handed_over:
            assert self._folder is not None
            self._folder.append(handover_document(keys.previous, keys.key, keys.name, after))
        return self._keys.handovers[-1]

    def forget_previous(self) -> None:
        """Its private half; nothing is signed by it any more."""
        if self._folder is not None:
            self._folder.forget_previous()

    def open(self, note: str) -> Checkpoint:
        """A checkpoint of ours, signed by the key that was in force at its size. Raises NoteError, also where a key of
        ours signed it that is not known here: then this process has an old copy of the keys."""
        keys = self._keys
        checkpoint = open_checkpoint(note, keys.at(Checkpoint.parse(note.rpartition("\n\n")[0] + "\n").size))
        second = keys.second_verifier
        if second is not None and second.signs(note):  # older notes may lack it
            second.open(note)
        if keys.is_newer(note):
            raise NoteError("a key of this log signed it that is not known here: bring the newest key folder")
        return checkpoint

    def at(self, size: int) -> "Signer":
        """Who signs a document about a tree of so many entries: the key in force there, to the document's end, also
        where another takes over meanwhile. Raises KeyUnavailable where its private half is gone already."""
        keys = self._keys
        right = keys.at(size)
        for key in (keys.key, keys.previous):
            if key is not None and verifier_of(keys.name, key) == right:
                return Signer(replace(keys, key=key, previous=None))
        raise KeyUnavailable("Another signing key has just taken over: ask again.")

    def verify(self, signature: bytes, message: bytes) -> None:
        """What `sign` signed, whichever of our keys it was. Raises NoteError."""
        keys = self._keys
        for former in keys.former:
            try:
                return former.verify(signature, message)
            except NoteError:
                continue
        return keys.verifier.verify(signature, message)

    def sign_note(self, text: str) -> str:
        """A checkpoint's text, signed; while a key takes over also by the one before it, so that who trusts that one
        can follow."""
        keys = self._keys
        both = [(keys.verifier, keys.key)]
        if keys.previous is not None:
            both.append((keys.former[-1], keys.previous))
        lines = [signature_line(verifier, key.sign(text.encode())) for verifier, key in both]
        return f"{text}\n{''.join(lines)}{_cosignature(keys, text)}"

    def sign(self, message: bytes) -> bytes:
        """Ed25519. The message begins with what it is for, which no note and no JSON begins with."""
        return self._keys.key.sign(message)

    def sign_json(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document with a `signature` over its canonical form without it.

        No note can be mistaken for it: canonical JSON is one line, a note's text is several.
        """
        keys = self._keys
        return sign_json(keys.key, keys.verifier, document)


def _cosignature(keys: Keys, text: str) -> str:
    if keys.second is None or keys.second_verifier is None:
        return ""
    stamp = int(time.time())
    signature = keys.second.sign(cosigned_message(ML_DSA_44, keys.name, stamp, text))
    return signature_line(keys.second_verifier, stamp.to_bytes(8) + signature)
