"""Everything the loader refuses, each with file, line and words."""

from dataclasses import dataclass

import pytest

from privacy_svc.errors import Misconfigured
from privacy_svc.policy import compile_policies
from tests.policy.small import FILES

O, P, M, D = "organisation.yml", "purposes.yml", "modules.yml", "datasets/crm.yml"  # noqa: E741 - columns of the table


@dataclass(frozen=True)
class Spoilt:
    """`old` becomes `new` in `file`; the fault stands at that line, or at the line of `at` afterwards
    (`LAST…`: where it stands last)."""

    file: str
    old: str
    new: str
    words: str
    at: str = ""


AUTOMATED = (
    "automated: {logic: {en: Points, de: Punkte}, consequences: {en: No credit, de: Kein Kredit}, ground: contract}"
)
TABLE = {
    # YAML
    "duplicate key": Spoilt(M, "  shop:", "  mail: {}\n  shop:", "'mail' stands here twice", at="  mail: {title"),
    "anchor": Spoilt(M, "{title: Shop", "&a {title: Shop", "anchors and aliases are not allowed"),
    "alias": Spoilt(O, "name: Acme", "name: *a", "anchors and aliases are not allowed"),
    "tag": Spoilt(O, "id: acme", "id: !!python/name:os.system x", "tags are not allowed"),
    "second document": Spoilt(M, "modules:", "a: 1\n---\nmodules:", "a second document", at="---"),
    "broken YAML": Spoilt(O, "id: acme", "id: [acme", "not YAML", at="controller"),
    "a list as key": Spoilt(O, "id: acme", "[a]: acme", "a key must be a word"),
    "a list where a map belongs": Spoilt(O, "dpo: {name: Dora, email: dpo@acme.example}", "dpo: [x]", "must be a map"),
    "an unseen character": Spoilt(O, "id: acme", "id: ac\u200bme", "cannot be seen"),
    # organisation
    "unknown key": Spoilt(O, "deadlines: EU", "deadline: EU", "unknown key 'deadline', did you mean 'deadlines'?"),
    "missing key": Spoilt(O, "id: acme\n", "", "organisation lacks 'id'", at="controller"),
    "bad id": Spoilt(O, "id: acme", "id: Acme Ltd", "'id' must be small letters"),
    "unknown time zone": Spoilt(O, "Europe/Berlin", "Europe/Berln", "did you mean 'Europe/Berlin'?"),
    "time zone outside": Spoilt(O, "Europe/Berlin", "../etc/passwd", "unknown time zone"),
    "unknown right": Spoilt(O, "[erasure]", "[erase]", "unknown right 'erase', did you mean 'erasure'?"),
    "bad country": Spoilt(O, "country: DE}", "country: Germany}", "two capital letters"),
    "unknown law": Spoilt(O, "deadlines: EU", "deadlines: {law: US}", "unknown law 'US'"),
    "deadlines without a law": Spoilt(O, "deadlines: EU", "deadlines: {region: SH}", "lacks 'law'"),
    "unknown region": Spoilt(O, "deadlines: EU", "deadlines: {law: EU, region: BLN}", "region of DE 'BLN'"),
    "country without holidays": Spoilt(O, "country: DE}", "country: XX}", "no public holidays", at="deadlines"),
    "bad holiday": Spoilt(O, "deadlines: EU", "deadlines: {law: EU, holidays: [24.12.]}", "not a day such as"),
    "bad warning": Spoilt(O, "deadlines: EU", "deadlines: {law: EU, warn_days: [soon]}", "not a number of days"),
    "reminded too late": Spoilt(O, "deadlines: EU", "deadlines: {law: EU, remind_days: 30}", "fewer than the 30"),
    "four eyes of nothing": Spoilt(O, "deadlines: EU", "four_eyes: {rights: [erase]}", "unknown right 'erase'"),
    "a log too short": Spoilt(O, "deadlines: EU", "log_kept: P5M", "at least P6M"),
    "evidence kept too short": Spoilt(O, "deadlines: EU", "evidence_kept: P5M", "at least P6M"),
    "evidence kept, no duration": Spoilt(O, "deadlines: EU", "evidence_kept: 3 years", "not an ISO 8601 duration"),
    "bad language": Spoilt(O, "[en, de]", "[en, german]", "not a language"),
    "bad e-mail": Spoilt(O, "a@acme.example", "acme", "must be an e-mail"),
    "third country": Spoilt(O, "country: FR", "country: US", "name the transfer's 'safeguard'"),
    "recipient without role": Spoilt(O, ", role: processor", "", "lacks 'role'", at="mailer"),
    "unknown role": Spoilt(O, "role: processor", "role: procesor", "did you mean 'processor'?"),
    # purposes
    "unknown key of a purpose": Spoilt(P, "retention: P1Y", "retentoin: P1Y", "did you mean 'retention'?"),
    "bad purpose name": Spoilt(P, "  archive:", "  The archive:", "named in small letters"),
    "unknown basis": Spoilt(
        P, "legal_basis: contract\n    use", "legal_basis: contrat\n    use", "did you mean 'contract'?"
    ),
    "missing basis": Spoilt(P, "    legal_basis: consent\n", "", "purpose news lacks 'legal_basis'", at="    title"),
    "unknown use": Spoilt(P, "use: analytics.reporting", "use: analytics.report", "mean 'analytics.reporting'?"),
    "deprecated use": Spoilt(P, "analytics.reporting", "personalize.profiling", "use 'personalize.content.profiling'"),
    "unknown DPV purpose": Spoilt(P, "dpv:DirectMarketing", "dpv:DirectMarketting", "mean 'dpv:DirectMarketing'?"),
    "unknown subject": Spoilt(
        P,
        "[customer]\n    categories: [user.name, user.contact.e",
        "[client]\n    categories: [user.name, user.contact.e",
        "unknown data subject 'client'",
    ),
    "unknown category": Spoilt(
        P, "[user.name, user.contact.email]", "[user.name, user.email]", "data category 'user.email'"
    ),
    "category twice": Spoilt(P, "[user.name, user.contact.email]", "[user.name, user.name]", "stands here twice"),
    "unknown mask": Spoilt(
        P, "phone_number: last4", "phone_number: last5", "unknown mask 'last5', did you mean 'last4'?"
    ),
    "mask of an unknown category": Spoilt(
        P, "user.contact.phone_number: last4", "user.contact.phone: last4", "unknown key"
    ),
    "mask of another category": Spoilt(
        P, "user.contact.phone_number: last4", "user.location: null", "not among the purpose's"
    ),
    "unknown recipient": Spoilt(P, "recipients: [mailer]", "recipients: [mailor]", "did you mean 'mailer'?"),
    "unknown notice": Spoilt(P, "notice: news", "notice: newz", "unknown notice 'newz', did you mean 'news'?"),
    "notice of another purpose": Spoilt(P, "notice: news", "notice: care", "does not speak of news", at="    consent:"),
    "future notice": Spoilt(P, "covered_since: 2", "covered_since: 3", "whole number from 1 to 2"),
    "retention not ISO 8601": Spoilt(P, "retention: P1Y", "retention: 1 year", "not an ISO 8601 duration"),
    "consent for no time": Spoilt(P, "valid_for: P24M", "valid_for: P0D", "longer than nothing"),
    "missing language": Spoilt(P, "title: {en: News, de: Neues}", "title: {en: News}", "title lacks 'de'"),
    "empty title": Spoilt(P, "de: Neues", "de: ' '", "'de' must be a text"),
    "consent without a rule": Spoilt(
        P,
        "    consent:\n      notice: news\n      valid_for: P24M\n      covered_since: 2\n",
        "",
        "needs a 'consent' block",
        at="legal_basis: consent",
    ),
    "consent beside another basis": Spoilt(
        P,
        "required_for_service: true",
        "consent: {notice: news, valid_for: P1Y}",
        "nobody is asked for consent as well",
    ),
    "explicit consent without a rule": Spoilt(
        P,
        "    consent: {notice: care, valid_for: P12M}\n",
        "",
        "needs a 'consent' block",
        at="special_condition: explicit",
    ),
    "age without consent": Spoilt(P, "required_for_service: true", "minimum_age: 16", "counts only for consent"),
    "unknown age without an age": Spoilt(P, "minimum_age: 16", "unknown_age: permit", "says nothing without"),
    "age of an old man": Spoilt(P, "minimum_age: 16", "minimum_age: 160", "whole number from 13 to 21"),
    "age of a child": Spoilt(P, "minimum_age: 16", "minimum_age: 12", "never below 13 (Art. 8(1))"),
    "a number YAML reads otherwise": Spoilt(P, "minimum_age: 16", "minimum_age: 020", "whole number"),
    "a number without end": Spoilt(P, "minimum_age: 16", "minimum_age: " + "9" * 5000, "whole number"),
    "age not a number": Spoilt(P, "minimum_age: 16", "minimum_age: 0x10", "whole number"),
    "age by something": Spoilt(P, "minimum_age: 16", "minimum_age: by_contry", "did you mean 'by_country'?"),
    "a guardian without an age": Spoilt(
        P,
        "valid_for: P12M}",
        "valid_for: P12M, guardian_lasts: true}",
        "says nothing without",
        at="consent: {notice: care",
    ),
    "consent age of a word": Spoilt(
        O, "phone_region", "consent_ages: {Spain: 14}\nphone_region", "two capital letters"
    ),
    "consent age of a baby": Spoilt(
        O, "phone_region", "consent_ages: {ES: 12}\nphone_region", "never below 13 (Art. 8(1))"
    ),
    "required by consent": Spoilt(P, "minimum_age: 16", "required_for_service: true", "cannot rest on consent"),
    "no assessment": Spoilt(
        P, "    assessment: LIA-1\n", "", "needs an 'assessment'", at="legal_basis: legitimate_interests"
    ),
    "assessment never reviewed": Spoilt(
        P, "    assessment_reviewed: 2026-01-31\n", "", "'assessment_reviewed'", at="assessment: LIA-1"
    ),
    "impact assessment never reviewed": Spoilt(
        P,
        "    assessment: LIA-1\n",
        "    assessment: LIA-1\n    impact_assessment: DPIA-1\n",
        "'impact_assessment_reviewed'",
        at="impact_assessment: DPIA-1",
    ),
    "review on no day": Spoilt(P, "2026-01-31", "2026-02-31", "must be a day"),
    "marketing that is not direct": Spoilt(
        P, "direct_marketing: true", "direct_marketing: false", "may always object", at="use: marketing"
    ),
    "marketing by contract": Spoilt(
        P,
        "required_for_service: true",
        "direct_marketing: true",
        "direct marketing cannot rest on contract",
        at="legal_basis: contract",
    ),
    "marketing to a mask": Spoilt(
        P, "minimum_age: 16", "masks: {user.contact.email: domain}", "nobody can be reached by it"
    ),
    "marketing that stores": Spoilt(P, "minimum_age: 16", "storage_only: true", "more than storage"),
    "one consent for mail and phone": Spoilt(
        P, "[user.name, user.contact.email]", "[user.name, user.contact]", "consent is per channel"
    ),
    "asked and prohibited": Spoilt(P, "[user.contact.address]", "[user.contact]", "asked for and prohibited"),
    "special category": Spoilt(
        P, "[user.name, user.contact.email]", "[user.biometric.voice]", "needs a 'special_condition'"
    ),
    "trade union": Spoilt(P, "[user.name, user.contact.email]", "[user.demographic.trade_union_membership]", "special"),
    "criminal data": Spoilt(P, "[user.name, user.contact.email]", "[user.criminal_history]", "authorised_by_law"),
    "unknown condition": Spoilt(
        P, "special_condition: legal_claims", "special_condition: legal_claim", "mean 'legal_claims'?"
    ),
    "going on despite": Spoilt(P, "required_for_service: true", "despite_restriction: true", "Art. 18(2)"),
    "deciding by itself, in the controller's interest": Spoilt(P, "profiling: true", AUTOMATED, "Art. 22(2)"),
    "deciding by contract, without one": Spoilt(P, "minimum_age: 16", AUTOMATED, "legal_basis contract, not consent"),
    "deciding by a law without a name": Spoilt(
        P, "despite_restriction: true", AUTOMATED.replace("ground: contract", "ground: law"), "lacks 'law'"
    ),
    "deciding by a contract and a law": Spoilt(
        P,
        "required_for_service: true",
        AUTOMATED.replace("ground: contract", "ground: contract, law: x"),
        "belongs to ground: law",
    ),
    "deciding by health": Spoilt(
        P,
        "[user.name, user.contact, user.unique_id]\n    prohibited: [user.contact.address]",
        f"[user.name, user.health_and_medical, user.contact.phone_number]\n    {AUTOMATED}",
        "Art. 22(4)",
        at="    automated",
    ),
    "deciding on no ground": Spoilt(
        P, "required_for_service: true", AUTOMATED.replace("ground: contract", "ground: interest"), "unknown ground"
    ),
    "deciding by a secret": Spoilt(
        P, "required_for_service: true", AUTOMATED.replace("en: Points, ", ""), "logic lacks 'en'"
    ),
    "an objection approved": Spoilt(O, "[erasure]", "[erasure, objection]", "an objection holds at once"),
    "an objection approved by two": Spoilt(
        O, "deadlines: EU", "four_eyes: {rights: [objection]}", "an objection holds at once"
    ),
    "a purpose called profiling": Spoilt(P, "  archive:", "  profiling:", "stands for all profiling"),
    "a word for a switch": Spoilt(P, "required_for_service: true", "required_for_service: perhaps", "true or false"),
    "purposes as a list": Spoilt(P, FILES[P], "purposes: [news]\n", "must be a map"),
    "no subjects": Spoilt(P, "subjects: [customer]", "subjects: []", "'subjects' is empty"),
    "categories as a map": Spoilt(P, "[user.name, user.contact.email]", "{user: name}", "must be a list of words"),
    # modules
    "unknown purpose": Spoilt(M, "[news]", "[new]", "unknown purpose 'new', did you mean 'news'?"),
    "recording what nobody knows": Spoilt(M, "[news]}", "[news], records: [new]}", "did you mean 'news'?"),
    "recording where no consent is asked": Spoilt(
        M, "[news]}", "[news], records: [news, service]}", "asks for no consent"
    ),
    "bad module name": Spoilt(M, "  mail:", "  Mail Robot:", "named in small letters"),
    "module without title": Spoilt(M, "title: Mail, ", "", "lacks 'title'"),
    "module without purposes": Spoilt(M, ", purposes: [news]", "", "lacks 'purposes'"),
    # notices
    "no front matter": Spoilt("notices/news/1.en.md", "---\ntitle", "title", "begin with a front matter"),
    "no title": Spoilt("notices/news/1.en.md", "title: News\n", "", "lacks 'title'", at="purposes"),
    "unknown key of a notice": Spoilt("notices/news/1.en.md", "title: News", "titel: News", "did you mean 'title'?"),
    "notice of an unknown purpose": Spoilt("notices/news/1.en.md", "[news]", "[newz]", "unknown purpose 'newz'"),
    "notice without text": Spoilt("notices/news/1.en.md", "We write to you.\n", "", "the notice has no text", at=""),
    "other purposes in German": Spoilt("notices/news/1.en.md", "[news]", "[news, service]", "other purposes", at="---"),
    # datasets
    "unknown key of a field": Spoilt(D, "{id: 1001, seal: true}", "{id: 1001, seel: true}", "did you mean 'seal'?"),
    "unknown key of a collection": Spoilt(
        D, "privacy: {subject: customer}", "privacy: {subjekt: customer}", "mean 'subject'?"
    ),
    "unknown key of fides_meta": Spoilt(
        D, "fides_meta: {identity: email,", "fides_meta: {identiti: email,", "mean 'identity'?"
    ),
    "unknown key of a dataset": Spoilt(D, "    name: The shop", "    nam: The shop", "did you mean 'name'?"),
    "unknown category of a field": Spoilt(
        D, "[user.demographic.date_of_birth]", "[user.birth]", "unknown data category"
    ),
    "unknown kind of person": Spoilt(D, "{subject: customer}", "{subject: costumer}", "did you mean 'customer'?"),
    "unknown fact": Spoilt(D, "{id: 1001, seal: true}", "{tells: birth_dat}", "did you mean 'birth_date'?"),
    "birth date of an order": Spoilt(
        D,
        "data_categories: [user.behavior.purchase_history]\n            privacy: {",
        "privacy: {tells: birth_date, ",
        "stands where a row is a person",
        at="- name: placed",
    ),
    "two birth dates": Spoilt(
        D,
        "[user.demographic.date_of_birth]\n",
        "[user.demographic.date_of_birth]\n            privacy: {tells: birth_date}\n          - name: born_too\n"
        "            privacy: {tells: birth_date}\n",
        "born tells it already",
        at="- name: born_too",
    ),
    "end that leads to nobody": Spoilt(
        D,
        "          - name: price\n",
        "          - name: price\n            privacy: {tells: relationship_end}\n",
        "no reference leads from goods",
        at="- name: price",
    ),
    "sealed end": Spoilt(
        D,
        "{id: 1010, seal: true}",
        "{id: 1010, seal: true, tells: relationship_end}",
        "latest of sealed values",
        at="- name: address",
    ),
    "seal without id": Spoilt(D, "{id: 1001, seal: true}", "{seal: true}", "seal needs an 'id'", at="- name: name"),
    "reserved id": Spoilt(D, "id: 1001", "id: 999", "whole number from 1000"),
    "id twice": Spoilt(D, "id: 1010", "id: 1001", "is crm.people.name's already", at="- name: address"),
    "shred without seal": Spoilt(
        D, "{erase: replace, replace: gone}", "{erase: shred}", "needs seal: true", at="- name: street"
    ),
    "keep without reasons": Spoilt(
        D,
        ", keep: {ground: A17LegallyRequired, law: the tax code, period: P10Y}",
        "",
        "needs 'keep'",
        at="- name: placed",
    ),
    "unknown ground": Spoilt(D, "A17LegallyRequired", "A17LegalyRequired", "did you mean 'A17LegallyRequired'?"),
    "keep without law": Spoilt(D, " law: the tax code,", "", "keep lacks 'law'"),
    "keep for how long": Spoilt(D, "period: P10Y", "period: ever", "not an ISO 8601"),
    "keep unsaid": Spoilt(D, "{erase: keep, keep:", "{keep:", "says nothing without erase: keep", at="- name: placed"),
    "kept in a deleted row": Spoilt(
        D,
        "      - name: orders\n",
        "      - name: orders\n        privacy: {erase_rows: delete}\n",
        "its row is deleted",
        at="- name: placed",
    ),
    "replace by nothing": Spoilt(D, ", replace: gone", "", "needs the text to put there", at="- name: street"),
    "replace unsaid": Spoilt(
        D, "{erase: replace, replace: gone}", "{replace: gone}", "says nothing without", at="- name: street"
    ),
    "replace too long": Spoilt(
        D, "replace: gone", "replace: a text of more than twenty", "longer than the field", at="- name: street"
    ),
    "unknown erasure": Spoilt(D, "erase: shred", "erase: shredd", "did you mean 'shred'?"),
    "reference to a sealed value": Spoilt(
        D,
        "field: people.id, direction: from",
        "field: people.email, direction: from",
        "no row is found by it",
        at="- name: person_id",
    ),
    "sealed key": Spoilt(
        D,
        "fides_meta: {primary_key: true, data_type: integer}",
        "fides_meta: {primary_key: true}\n            privacy: {id: 1003, seal: true}",
        "a primary key cannot be sealed",
        at="- name: id",
    ),
    "overwritten key": Spoilt(
        D,
        "fides_meta: {primary_key: true, data_type: integer}",
        "fides_meta: {primary_key: true}\n            privacy: {erase: replace, replace: x}",
        "not overwritten",
        at="- name: id",
    ),
    "reference that is to be emptied": Spoilt(
        D,
        "direction: from}]",
        "direction: from}]\n            privacy: {erase: null}",
        "a key stays, rows hang on it",
        at="- name: person_id",
    ),
    "key that is to be kept": Spoilt(
        D,
        "fides_meta: {primary_key: true, data_type: integer}",
        "fides_meta: {primary_key: true}\n            privacy: {erase: null}",
        "a key stays, rows hang on it",
        at="- name: id",
    ),
    "people by their address": Spoilt(
        D,
        "- name: id\n            fides_meta: {primary_key: true}\n          - name: name\n            data",
        "- name: id\n          - name: name\n            fides_meta: {primary_key: true}\n            data",
        "give the table a key that is a number of its own",
        at="LAST- name: name",
    ),
    "key that says whose the row was": Spoilt(
        D,
        "          - name: id\n            fides_meta: {primary_key: true}\n          - name: person_id",
        "          - name: mail\n            data_categories: [user.contact.email]\n"
        "            fides_meta: {primary_key: true}\n          - name: person_id",
        "a key stays at erasure",
        at="- name: mail",
    ),
    "reference that says whose the row was": Spoilt(
        D,
        "field: people.id, direction: from",
        "field: people.phone, direction: from",
        "a key stays at erasure",
        at="- name: person_id",
    ),
    "sealed reference": Spoilt(
        D,
        "direction: from}]",
        "direction: from}]\n            privacy: {id: 1011, seal: true}",
        "neither sealed nor overwritten",
        at="- name: person_id",
    ),
    "unknown normaliser": Spoilt(
        D, "index: [email]", "index: [mail]", "unknown normaliser 'mail', did you mean 'email'?"
    ),
    "index without id": Spoilt(
        D,
        "fides_meta: {identity: phone_number}",
        "privacy: {index: [phone]}",
        "an index needs an 'id'",
        at="- name: phone",
    ),
    "sealed identity unindexed": Spoilt(D, ", index: [email]", "", "needs index: [email]", at="- name: email"),
    "other identity": Spoilt(D, "identity: phone_number", "identity: ssn", "unknown identity 'ssn'"),
    "sealed and uncategorised": Spoilt(
        D,
        "          - name: notes\n",
        "          - name: notes\n            privacy: {id: 1012, seal: true}\n",
        "needs 'data_categories'",
        at="- name: notes",
    ),
    "sealed and nobody's": Spoilt(
        D,
        "      - name: orders\n",
        "      - name: loose\n        fields:\n"
        "          - {name: a, data_categories: [user.name], fides_meta: {primary_key: true}}\n"
        "          - {name: b, data_categories: [user.name], privacy: {id: 1013, seal: true}}\n"
        "      - name: orders\n",
        "no reference leads to a person",
        at="- name: loose",
    ),
    "deleted and nobody's": Spoilt(
        D,
        "      - name: goods\n",
        "      - name: goods\n        privacy: {erase_rows: delete}\n",
        "no reference leads to a person",
        at="- name: goods",
    ),
    "sealed without a key": Spoilt(
        D,
        "            fides_meta: {primary_key: true}\n          - name: person_id",
        "          - name: person_id",
        "needs a field with primary_key",
        at="- name: orders",
    ),
    "reference to another dataset": Spoilt(
        D, "dataset: crm, field: people.id", "dataset: crn, field: people.id", "did you mean 'crm'?"
    ),
    "reference to no collection": Spoilt(D, "field: people.id", "field: peple.id", "did you mean 'people'?"),
    "reference to no field": Spoilt(D, "field: people.id", "field: people.ident", "unknown field 'ident'"),
    "reference without a field": Spoilt(D, "field: people.id", "field: people", "must be collection.field"),
    "two references": Spoilt(
        D, "direction: from}]", "direction: from}, {dataset: crm, field: staff.id}]", "refers already to"
    ),
    "field twice": Spoilt(
        D,
        "          - name: born\n",
        "          - name: phone\n",
        "'phone' stands here twice",
        at="LAST          - name: phone",
    ),
    "collection twice": Spoilt(
        D, "      - name: goods\n", "      - name: staff\n", "'staff' stands here twice", at="LAST      - name: staff"
    ),
    "dot in a name": Spoilt(D, "- name: born", "- name: born.at", "a dot separates"),
    "fields within fields": Spoilt(
        D,
        "          - name: notes\n",
        "          - name: notes\n            fields: [{name: x}]\n",
        "fields within fields",
        at="            fields: [{",
    ),
    "a contract of who processes nothing for us": Spoilt(
        O, "role: processor}", "role: controller, contract: AVV-1}", "that of a processor", at="  mailer:"
    ),
    "what fideslang refuses": Spoilt(D, "data_type: integer}", "data_type: intger}", "fideslang: data_type: "),
    "collections as a word": Spoilt(
        D, FILES[D], "dataset:\n  - fides_key: crm\n    collections: none\n", "must be a list", at="    collections"
    ),
    "fields missing": Spoilt(
        D,
        "        fields:\n          - name: price\n            data_categories: [system.operations]\n",
        "",
        "collection lacks 'fields'",
        at="- name: goods",
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_is_refused(name: str) -> None:
    """One spoilt place is refused at its line, with words that help."""
    spoilt = TABLE[name]
    text = FILES[spoilt.file]
    assert spoilt.old in text, "the table fits the small policy"
    after = text.replace(spoilt.old, spoilt.new, 1)
    with pytest.raises(Misconfigured) as caught:
        compile_policies({p: t.encode() for p, t in {**FILES, spoilt.file: after}.items()})
    line = _line(after, spoilt)
    found = [(f.pointer, f.detail) for f in caught.value.faults]
    assert any(p == f"policies/{spoilt.file}:{line}" and spoilt.words in d for p, d in found), found


def _line(text: str, spoilt: Spoilt) -> int:
    if not spoilt.at:
        return FILES[spoilt.file].split(spoilt.old)[0].count("\n") + 1
    last = spoilt.at.startswith("LAST")
    place = text.rindex(spoilt.at.removeprefix("LAST")) if last else text.index(spoilt.at)
    return text[:place].count("\n") + 1


@pytest.mark.parametrize(
    ("path", "content", "pointer", "words"),
    [
        ("purposs.yml", b"x: 1", "policies/purposs.yml", "did you mean 'purposes.yml'?"),
        ("dataset/crm.yml", b"x: 1", "policies/dataset/crm.yml", "did you mean 'datasets'?"),
        ("notices/news/v3.en.md", b"x", "policies/notices/news/v3.en.md", "<version>.<language>.md"),
        (
            "notices/news/3.en.md",
            b"---\ntitle: N\npurposes: [news]\n---\nx\n",
            "policies/notices/news",
            "language 'de'",
        ),
        ("notices/news/4.en.md", b"---\ntitle: N\npurposes: [news]\n---\nx\n", "policies/notices/news", "3 is missing"),
        ("notices/news/1.de.md", b"\xff\xfe", "policies/notices/news/1.de.md:1", "not UTF-8"),
        ("datasets/two.yml", FILES[D].encode(), "policies/datasets/two.yml:2", "a second dataset 'crm'"),
        ("datasets/two.yml", b"", "policies/datasets/two.yml:1", "the file is empty"),
        ("datasets/two.yml", b"a: b\nc: \xff", "policies/datasets/two.yml:2", "not UTF-8"),
        ("datasets/two.yml", b"[" * 100_000, "policies/datasets/two.yml:1", "nested too deeply"),
        ("datasets/two.yml", b"a: " + b"b" * 1_000_000, "policies/datasets/two.yml:1", "larger than"),
        ("datasets/two.yml", b"dataset: [1]", "policies/datasets/two.yml:1", "a map of keys"),
        ("datasets/two.yml", b"just words", "policies/datasets/two.yml:1", "must be a map"),
    ],
)
def test_a_file_is_refused(path: str, content: bytes, pointer: str, words: str) -> None:
    """A file that nobody would read, or that cannot be read, is refused by its name."""
    with pytest.raises(Misconfigured) as caught:
        compile_policies({p: t.encode() for p, t in FILES.items()} | {path: content})
    found = [(f.pointer, f.detail) for f in caught.value.faults]
    assert any(p == pointer and words in d for p, d in found), found


def test_a_billion_laughs_is_refused_quickly() -> None:
    """Aliases that would unfold to gigabytes never unfold."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    )
    with pytest.raises(Misconfigured, match="anchors and aliases"):
        compile_policies({p: t.encode() for p, t in {**FILES, "datasets/two.yml": bomb}.items()})


def test_a_file_that_is_wrong_everywhere_is_refused_quickly() -> None:
    """Not every one of 50,000 faults is searched for its nearest word."""
    wrong = "\n".join(f"x{n}: 1" for n in range(50_000))
    with pytest.raises(Misconfigured) as caught:
        compile_policies({p: t.encode() for p, t in {**FILES, "datasets/two.yml": wrong}.items()})
    assert len(caught.value.faults) == 200
