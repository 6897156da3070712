"""All tables of all rooms, for migrations.

The one place where `db` names the rooms above it, by import string, so that no import
arrow points up: Alembic's environment is the only reader.
"""

from importlib import import_module

from privacy_svc.db.base import Base

ROOMS = ("http", "policy", "vault", "auditlog", "identity", "consent", "store", "rights", "audits")

for _room in ROOMS:
    import_module(f"privacy_svc.{_room}.model")

metadata = Base.metadata
