"""Nonces after a fork: a process that imported us and sealed, then forked, shares no randomness with its children."""

import multiprocessing
import warnings
from multiprocessing.connection import Connection

from privacy_svc.vault import Key, SubjectCipher

EACH = 2_000
CHILDREN = 4


def _nonces(cipher: SubjectCipher) -> list[bytes]:
    return [cipher.seal(1001, "1", "Ana")[6:18] for _ in range(EACH)]


def _tell(cipher: SubjectCipher, told: Connection) -> None:
    told.send(_nonces(cipher))


def test_no_nonce_repeats_after_a_fork() -> None:
    """One cipher, used before and after forking, in parent and children: every nonce is another one."""
    cipher = SubjectCipher("shop", "01a205fd-3de1-7fea-9fff-c09cbc027f33", {1: Key.new()})
    seen = _nonces(cipher)
    context = multiprocessing.get_context("fork")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and forking, from Python 3.12 on
        for _ in range(CHILDREN):
            told, tells = context.Pipe(duplex=False)
            child = context.Process(target=_tell, args=(cipher, tells))
            child.start()
            seen += told.recv()
            child.join()
    seen += _nonces(cipher)
    assert len(set(seen)) == len(seen) == EACH * (CHILDREN + 2)
