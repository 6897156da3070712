"""The views a check may select from: documented in audits/README.md, stable while our tables change.

They are made for each run, show what was recorded until the as-of time, and no personal data. The policy in
force is there as tables too, so that one language asks about both.
"""

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from privacy_svc.policy import PolicySet

VIEWS: Mapping[str, str] = {
    "persons": """
        SELECT s.id AS person, s.kind, s.created_at,
               CASE WHEN s.erased_at <= {as_of} THEN s.erased_at END AS erased_at,
               s.ended_on, (s.birth IS NOT NULL AND s.of_age < 18) AS young,
               (s.birth IS NOT NULL) AS birth_kept,
               (SELECT count(*) FROM {main}subject_keys k WHERE k.subject_id = s.id AND k.use = 'data'
                   AND k.wrapped IS NOT NULL) AS data_keys,
               (SELECT count(*) FROM {main}index_entries i WHERE i.subject_id = s.id) AS index_entries,
               (SELECT count(*) FROM {main}subject_keys k WHERE k.subject_id = s.id AND k.use = 'evidence'
                   AND k.wrapped IS NOT NULL) AS evidence_keys,
               (SELECT f.evidence_until FROM {main}fences f WHERE f.subject_id = s.id) AS evidence_until
        FROM {main}subjects s WHERE s.created_at <= {as_of}""",
    "consents": """
        SELECT id AS consent, subject_id AS person, purpose, state, notice_id AS notice, notice_version,
               notice_language, notice_digest, policy_version, channel, method, guardian, given_at, recorded_at,
               valid_until, recorded_by, state_version
        FROM {main}consents WHERE recorded_at <= {as_of}""",
    "standing_consents": """
        SELECT id AS consent, subject_id AS person, purpose, state, notice_id AS notice, notice_version,
               notice_language, notice_digest, channel, method, guardian, given_at, recorded_at, valid_until
        FROM {main}consents c WHERE recorded_at <= {as_of}
          AND NOT EXISTS (SELECT 1 FROM {main}consents n WHERE n.subject_id = c.subject_id AND n.purpose = c.purpose
              AND n.recorded_at <= {as_of} AND (n.given_at > c.given_at
                  OR (n.given_at = c.given_at AND n.state_version > c.state_version)))
          AND NOT EXISTS (SELECT 1 FROM {main}subjects s WHERE s.id = c.subject_id AND s.erased_at <= {as_of})
          AND NOT EXISTS (SELECT 1 FROM {main}fences f WHERE f.subject_id = c.subject_id
              AND f.readmitted_at <= {as_of} AND c.given_at < f.readmitted_at)""",
    "objections": """
        SELECT subject_id AS person, purpose, stands, state_version, recorded_at
        FROM {main}objections WHERE recorded_at <= {as_of}""",
    "restrictions": """
        SELECT subject_id AS person, stands, state_version, recorded_at
        FROM {main}restrictions WHERE recorded_at <= {as_of}""",
    "requests": """
        SELECT id AS request, "right" AS asked, subject_id AS person, state, outcome, channel, received_at,
               due_at,
               CASE WHEN extended_at <= {as_of} THEN extended_at END AS extended_at,
               CASE WHEN paused_since <= {as_of} THEN paused_since END AS paused_since,
               CASE WHEN verified_at <= {as_of} THEN verified_at END AS verified_at,
               CASE WHEN approved_at <= {as_of} THEN approved_at END AS approved_at,
               approved_by, ground, refused_by, reviewed_by,
               CASE WHEN closed_at <= {as_of} THEN closed_at END AS closed_at
        FROM {main}requests WHERE opened_at <= {as_of}""",
    "request_events": """
        SELECT request_id AS request, at, type, actor FROM {main}request_events WHERE at <= {as_of}""",
    "letters": """
        SELECT request_id AS request, kind, written_at,
               CASE WHEN told_at <= {as_of} THEN told_at END AS told_at, problem
        FROM {main}request_letters WHERE written_at <= {as_of}""",
    "request_files": """
        SELECT id AS file, request_id AS request, kind, added_at FROM {main}request_files
        WHERE added_at <= {as_of}""",
    "packages": """
        SELECT p.request_id AS request, p.created_at,
               (SELECT max(l.expires_at) FROM {main}package_links l WHERE l.request_id = p.request_id) AS links_until
        FROM {main}request_packages p WHERE p.created_at <= {as_of}""",
    "works": """
        SELECT request_id AS request, place, kind, state, opened_at, lifts,
               CASE WHEN done_at <= {as_of} THEN done_at END AS done_at
        FROM {main}request_works WHERE opened_at <= {as_of}""",
    "kept_values": """
        SELECT k.subject_id AS person, k.collection, k.field, k.request_id AS request, k.until,
               CASE WHEN k.ended_at <= {as_of} THEN k.ended_at END AS ended_at
        FROM {main}kept_values k JOIN {main}requests r ON r.id = k.request_id WHERE r.opened_at <= {as_of}""",
    "restriction_ends": """
        SELECT subject_id AS person, announced_at, ends_at,
               CASE WHEN told_at <= {as_of} THEN told_at END AS told_at,
               CASE WHEN lifted_at <= {as_of} THEN lifted_at END AS lifted_at,
               CASE WHEN void_at <= {as_of} THEN void_at END AS void_at
        FROM {main}restriction_ends WHERE announced_at <= {as_of}""",
    "sealed_columns": """
        SELECT path AS field, CASE WHEN sealed_at <= {as_of} THEN sealed_at END AS sealed_at,
               CASE WHEN sealed_at <= {as_of} THEN complete_at END AS complete_at
        FROM {main}sealed_columns""",
    "holds": """
        SELECT id AS hold, subject_id AS person, article, placed_at, until,
               CASE WHEN lifted_at <= {as_of} THEN lifted_at END AS lifted_at
        FROM {main}holds WHERE placed_at <= {as_of}""",
    "notifications": """
        SELECT n.request_id AS request, n.recipient, n.state,
               CASE WHEN n.told_at <= {as_of} THEN n.told_at END AS told_at
        FROM {main}request_notifications n JOIN {main}requests r ON r.id = n.request_id
        WHERE r.opened_at <= {as_of}""",
    "breaches": """
        WITH {known} AS (SELECT * FROM {main}breach_events WHERE at <= {as_of}),
             {noted} AS (SELECT * FROM {known} e
                         WHERE NOT EXISTS (SELECT 1 FROM {known} later WHERE later.replaces = e.id))
        SELECT b.id AS breach, aware_at, {hours_72}aware_at{later} AS authority_due, began_at, ended_at,
               client, people, records,
               (SELECT e.risk FROM {noted} e WHERE e.breach_id = b.id AND e.kind = 'assessed'
                ORDER BY e.at DESC, e.id DESC LIMIT 1) AS risk,
               (SELECT max(e.at) FROM {noted} e WHERE e.breach_id = b.id AND e.kind = 'assessed') AS assessed_at,
               (SELECT min(e.at) FROM {noted} e WHERE e.breach_id = b.id AND e.kind = 'assessed') AS first_assessed_at,
               (SELECT min(e.at) FROM {noted} e WHERE e.breach_id = b.id AND e.risk IN ('risk', 'high')) AS risk_since,
               (SELECT min(e.at) FROM {noted} e WHERE e.breach_id = b.id AND e.risk = 'high') AS high_since,
               {hours_72}(SELECT min(e.at) FROM {noted} e WHERE e.breach_id = b.id AND e.risk = 'high'){later}
                   AS people_due,
               (SELECT max(e.at) FROM {known} e JOIN {known} r ON r.id = e.replaces
                WHERE e.breach_id = b.id AND e.kind = 'authority' AND r.told_at > {hours_72}aware_at{later}
                  AND e.told_at <= {hours_72}aware_at{later}) AS moved_in_time_at,
               (SELECT min(e.told_at) FROM {noted} e WHERE e.breach_id = b.id AND e.kind = 'authority')
                   AS authority_told_at,
               (SELECT min(e.told_at) FROM {noted} e WHERE e.breach_id = b.id AND e.kind = 'people') AS people_told_at,
               (SELECT e.exempt FROM {noted} e WHERE e.breach_id = b.id AND e.kind = 'people'
                ORDER BY e.at DESC, e.id DESC LIMIT 1) AS people_exempt,
               CASE WHEN closed_at <= {as_of} THEN closed_at END AS closed_at
        FROM {main}breaches b WHERE registered_at <= {as_of}""",
    "clients": """
        SELECT name AS client, role, created_at, last_used_at,
               CASE WHEN revoked_at <= {as_of} THEN revoked_at END AS revoked_at
        FROM {main}clients WHERE created_at <= {as_of}""",
    "page_keys": """
        SELECT id AS page_key, page, generation, epoch, replace_due FROM {main}page_keys""",
    "log_entries": """
        SELECT id AS entry, "index" AS number, type, actor, at, subject_id AS person
        FROM {main}audit_entries WHERE at <= {as_of}""",
    "log_people": """
        SELECT e.id AS entry, e."index" AS number, e.at, m.subject_id AS person
        FROM {main}audit_members m JOIN {main}audit_entries e ON e.id = m.entry_id
        WHERE m.subject_id IS NOT NULL AND e.at <= {as_of}""",
    "log_waiting": """
        SELECT id AS entry, type, at FROM {main}audit_outbox WHERE at <= {as_of}""",
}
"""`{main}` is where our tables are: a view may have the name of the table behind it. A WITH has a name in braces."""
_WITH = ("known", "noted")

TABLES: Mapping[str, str] = {
    "purposes": "purpose TEXT, legal_basis TEXT, data_use TEXT, direct_marketing BOOLEAN, storage_only BOOLEAN, "
    "special_condition TEXT, consent_notice TEXT, retention TEXT, assessment TEXT, assessment_reviewed DATE, "
    "minimum_age INTEGER, profiling BOOLEAN, automated BOOLEAN, impact_assessment TEXT, "
    "impact_assessment_reviewed DATE",
    "recipients": "recipient TEXT, country TEXT, role TEXT, safeguard TEXT, contract TEXT",
    "notices": "notice TEXT, version INTEGER, language TEXT, digest TEXT",
    "module_purposes": "module TEXT, purpose TEXT",
    "fields": "field TEXT, personal BOOLEAN, sealed BOOLEAN, erase TEXT, kept BOOLEAN",
}


_SQLITE_72 = {"hours_72": "strftime('%Y-%m-%d %H:%M:%f000', ", "later": ", '+72 hours')"}
"""Written as instants are stored, so that it compares with them."""
_POSTGRESQL_72 = {"hours_72": "", "later": " + INTERVAL '72 hours'"}


def create(connection: Connection, policies: PolicySet, as_of: datetime) -> frozenset[str]:
    """In the connection's transaction, and gone with it. The names, new each time, inside which our tables are read:
    each view is of one of them."""
    sqlite = connection.dialect.name == "sqlite"
    main = "main." if sqlite else f"{_quoted(connection)}."
    moment = f"'{as_of:%Y-%m-%d %H:%M:%S.%f}'" if sqlite else f"TIMESTAMPTZ '{as_of:%Y-%m-%d %H:%M:%S.%f}+00'"
    due = _SQLITE_72 if sqlite else _POSTGRESQL_72
    inside = {name: f"{name}_{secrets.token_hex(8)}" for name in (*VIEWS, *_WITH)}
    for name, select in VIEWS.items():
        whole = select.format(main=main, as_of=moment, **due, **{w: inside[w] for w in _WITH})
        connection.exec_driver_sql(f"CREATE TEMP VIEW {inside[name]} AS {whole}")
        connection.exec_driver_sql(f"CREATE TEMP VIEW {name} AS SELECT * FROM {inside[name]}")  # noqa: S608 - our own
    for name, columns in TABLES.items():
        connection.exec_driver_sql(f"CREATE TEMP TABLE {name} ({columns})")
        rows = list(_ROWS[name](policies))
        if rows:
            names = ", ".join(f":{n}" for n in rows[0])
            connection.execute(text(f"INSERT INTO {name} ({', '.join(rows[0])}) VALUES ({names})"), rows)  # noqa: S608 - our own names
    return frozenset(inside.values())


def _quoted(connection: Connection) -> str:
    schema = str(connection.scalar(text("SELECT current_schema()")))
    return connection.dialect.identifier_preparer.quote(schema)


Rows = Iterator[dict[str, Any]]


def _purposes(policies: PolicySet) -> Rows:
    for p in policies.purposes.values():
        yield {
            "purpose": p.key,
            "legal_basis": str(p.legal_basis),
            "data_use": p.use,
            "direct_marketing": p.direct_marketing,
            "storage_only": p.storage_only,
            "special_condition": str(p.special_condition) if p.special_condition else None,
            "consent_notice": p.consent.notice if p.consent else None,
            "retention": p.retention,
            "assessment": p.assessment,
            "assessment_reviewed": p.assessment_reviewed.isoformat() if p.assessment_reviewed else None,
            "minimum_age": policies.consent_age(p, None),
            "profiling": p.profiling,
            "automated": p.automated is not None,
            "impact_assessment": p.impact_assessment,
            "impact_assessment_reviewed": p.impact_assessment_reviewed and p.impact_assessment_reviewed.isoformat(),
        }


def _recipients(policies: PolicySet) -> Rows:
    for r in policies.organisation.recipients.values():
        told = {name: getattr(r, name) for name in ("country", "role", "safeguard", "contract")}
        yield {"recipient": r.key} | told


def _notices(policies: PolicySet) -> Rows:
    for n in policies.notices.values():
        yield {"notice": n.id, "version": n.version, "language": n.language, "digest": n.digest}


def _module_purposes(policies: PolicySet) -> Rows:
    for m in policies.modules.values():
        yield from ({"module": m.key, "purpose": p} for p in sorted(m.purposes))


def _fields(policies: PolicySet) -> Rows:
    for c in policies.data_map.collections():
        for f in c.fields:
            yield {
                "field": f"{c.path}.{f.name}",
                "personal": f.personal,
                "sealed": f.seal,
                "erase": str(f.erase),
                "kept": f.keep is not None,
            }


_ROWS = {
    "purposes": _purposes,
    "recipients": _recipients,
    "notices": _notices,
    "module_purposes": _module_purposes,
    "fields": _fields,
}
