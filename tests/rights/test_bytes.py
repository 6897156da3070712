"""The files themselves, byte by byte: after an erasure they hold neither values nor wrapped keys of the person."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from privacy_svc.store.traces import forget_old_bytes
from privacy_svc.vault.model import SubjectKey
from tests.rights.company import Company
from tests.rights.running import PLANTED, files_of
from tests.rights.test_erasure import erased


def data_files(url: str) -> list[Path]:
    """The files of one PostgreSQL database."""
    engine = create_engine(url)
    with engine.connect() as connection:
        folder = Path(connection.execute(text("SHOW data_directory")).scalar_one())
        number = connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
    engine.dispose()
    return [p for p in (folder / "base" / str(number)).iterdir() if p.is_file()]


def bytes_of(company: Company) -> bytes:
    """Of the privacy database, the workflow engine's and the store's."""
    urls = [company.database.engine.url.render_as_string(hide_password=False), company.store_url]
    if company.database.engine.dialect.name == "sqlite":
        folders = {Path(url.removeprefix("sqlite:///")).parent for url in urls}
        held = b"".join(p.read_bytes() for f in folders for p in f.glob("*sqlite*"))
        return held + b"".join(p.read_bytes() for p in company.home.glob("workflows*"))
    try:
        return b"".join(p.read_bytes() for url in urls for p in data_files(url))
    except PermissionError:
        pytest.skip("this server's data directory cannot be read by the tests")


def wrapped_keys(company: Company, subject_id: str) -> list[bytes]:
    with company.database.read() as session:
        mine = select(SubjectKey.wrapped).where(SubjectKey.subject_id == subject_id, SubjectKey.use == "data")
        return [bytes(w) for w in session.scalars(mine) if w is not None]


def settle(company: Company) -> None:
    """What is in memory reaches the files."""
    if company.database.engine.dialect.name == "postgresql":
        with company.database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("CHECKPOINT")


def test_no_byte_is_left(company: Company) -> None:
    """Values sealed, then erased; old rows scrubbed: the files hold no planted value and no wrapped key of the person,
    and did hold them before."""
    settle(company)
    assert [v for v in PLANTED if v.encode() in bytes_of(company)]
    company.seal()
    subject = company.subject()
    wrapped = wrapped_keys(company, subject)
    settle(company)
    assert wrapped
    assert all(w in bytes_of(company) for w in wrapped)
    with company.requests.worker():
        erased(company)
    forget_old_bytes(company.stores, list(company.policies.current.data_map.collections()))
    company.vault.scrub(company.database, rewrite=True)
    company.stores.close()
    company.database.engine.dispose()
    held = bytes_of(company)
    assert not [v for v in PLANTED if v.encode() in held]
    assert not [w for w in wrapped if w in held]


def test_keys_do_not_show(company: Company) -> None:
    """No root key, page key or signing key stands in the home's ledger, log or database files."""
    company.subject()
    company.vault.roll_epoch(company.database)
    secrets = [p.read_bytes() for p in (company.home / "keys").iterdir()]
    assert len(secrets) == 3
    for folder in ("ledger", "log"):
        held = files_of(company.home / folder) if (company.home / folder).exists() else b""
        assert not [s for s in secrets if s in held]
    assert not [s for s in secrets if s in bytes_of(company)]
