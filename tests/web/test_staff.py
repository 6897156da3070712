"""Staff sign in by an OpenID provider that really speaks it: who gets in as what, and which lies are seen through."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import time_machine
from httpx import Response
from sqlalchemy import text

from privacy_svc.auditlog import EventType
from privacy_svc.db import now
from privacy_svc.http import Role
from privacy_svc.identity import COOKIE
from privacy_svc.identity.by_provider import BEGUN_BY_NETWORK, LOGOUTS
from privacy_svc.identity.failures import STAFF_FAILURES
from privacy_svc.identity.provider import AGAIN
from tests.conftest import ONE_DATABASE
from tests.oidc_provider import CLIENT, SECRET, OidcProvider, provider_running
from tests.web.conftest import HTML, SAME, Site

CROSS = HTML | {"Sec-Fetch-Site": "cross-site"}
BASE = "http://127.0.0.1:8480"
ROLES = {"dpo": "privacy-officers", "admin": "it", "auditor": "audit"}


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    with provider_running() as provider:
        yield provider


@pytest.fixture
def settings(provider: OidcProvider, tmp_path: Path) -> dict[str, Any]:
    secret = tmp_path / "client-secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    return {
        "oidc_issuer": provider.url,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": str(secret),
        "oidc_roles": ROLES,
        "outbound_allow": "127.0.0.1",
    }


@pytest.fixture
def site(open_site: Callable[..., Site], settings: dict[str, Any]) -> Iterator[Site]:
    site = open_site(**settings)
    with site.client:
        yield site


def onward(page: Response) -> str:
    """Where a page leads by itself."""
    assert page.status_code == 200, page.text
    found = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', page.text)
    assert found
    assert f'href="{found[1]}"' in page.text
    return unescape(found[1])


def begin(site: Site) -> str:
    return onward(site.client.post("/dpo/sign-in/provider", headers=HTML | SAME))


def at_provider(url: str) -> str:
    """The person signs in there; what the browser brings back to us, without the host."""
    back = httpx.get(url).headers["location"]
    assert back.startswith(f"{BASE}/dpo/sign-in/return?")
    return str(back.removeprefix(BASE))


def come_back(site: Site, path: str) -> Response:
    return site.client.get(path, headers=CROSS, follow_redirects=False)


def come_in(site: Site) -> Response:
    return come_back(site, at_provider(begin(site)))


def entries(site: Site) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Type, actor and payload, oldest first."""
    site.runtime.log.integrate(site.runtime.database)
    with site.runtime.database.read() as session:
        found = site.runtime.log.search(session, type="identity", limit=1000)
    return [(e.type, e.actor, e.payload or {}) for e in reversed(found)]


def actors(site: Site) -> list[str]:
    return [actor for kind, actor, _ in entries(site) if kind == EventType.SESSION_STARTED]


def whys(site: Site) -> list[str]:
    return [p["why"] for t, actor, p in entries(site) if t == EventType.SIGN_IN_FAILED and actor == "unknown"]


def test_who_has_a_role_gets_in(site: Site, provider: OidcProvider) -> None:
    """By the code flow with PKCE; the session is fresh, its cookie Strict, and the one before has ended."""
    before = site.sign_in(name="linda")
    assert "Sign in with your organisation's account" in unescape(site.get("/dpo/sign-in").text)
    url = begin(site)
    asked = dict(parse_qsl(urlsplit(url).query))
    assert asked["redirect_uri"] == f"{BASE}/dpo/sign-in/return"
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == (
        "code",
        "S256",
        "openid profile",
    )
    back = come_back(site, at_provider(url))
    assert onward(back) == "/dpo"
    ours, flow = (
        next(c for c in back.headers.get_list("set-cookie") if c.startswith(n)) for n in (COOKIE, "privacy_staff")
    )
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {p.strip() for p in ours.split(";")}
    assert "Max-Age=0" in flow
    assert "dora · dpo" in site.get("/dpo").text
    site.client.cookies.clear()
    site.client.cookies.set(COOKIE, before)
    assert site.get("/dpo").status_code == 401
    account = entries(site)[-1][2]["account"]
    assert [e for e in entries(site) if e[0] == EventType.SESSION_STARTED][-1] == (
        EventType.SESSION_STARTED,
        "dora",
        {"role": "dpo", "account": account},
    )


GROUPS: list[tuple[Any, str | None]] = [
    (["privacy-officers"], "dpo"),
    (["it", "audit"], "admin"),
    ("audit", "auditor"),
    ([], None),
    (["privacy", "Privacy-Officers", "dpo", "admin"], None),
    (None, None),
    ({"it": True}, None),
    ([["it"]], None),
    ("privacy-officers it", None),
]


@ONE_DATABASE
def test_the_role_is_what_the_claim_says(site: Site, provider: OidcProvider) -> None:
    """A whole value that the settings name, or nobody gets in: no role is given by default."""
    for groups, role in GROUPS:
        provider.person.groups = groups
        site.client.cookies.clear()
        back = come_in(site)
        if role is not None:
            assert onward(back) == "/dpo"
            assert f"dora · {role}" in site.get("/dpo").text
        else:
            assert (back.status_code, "Your account has no role here" in back.text) == (403, True), groups
            assert COOKIE not in site.client.cookies
    assert whys(site) == ["no_role"] * 6


@ONE_DATABASE
@pytest.mark.parametrize("claim", ["realm_access.roles", "https://shop.example/roles"])
def test_the_claim_may_lie_deeper_or_have_dots_of_its_own(
    open_site: Callable[..., Site], provider: OidcProvider, settings: dict[str, Any], claim: str
) -> None:
    """As Keycloak has it, and as Auth0 does."""
    provider.person.groups = None
    provider.claims = {"realm_access": {"roles": ["it"]}, "https://shop.example/roles": ["it"]}
    site = open_site(**settings | {"oidc_roles_claim": claim})
    with site.client:
        assert onward(come_in(site)) == "/dpo"
        assert "dora · admin" in site.get("/dpo").text


def forge(provider: OidcProvider) -> None:
    provider.signer = OidcProvider(rotated=7).keys[0]


def past(provider: OidcProvider) -> None:
    at = int(now().timestamp())
    provider.claims = {"iat": at - 600, "exp": at - 120}


def future(provider: OidcProvider) -> None:
    provider.claims = {"iat": int(now().timestamp()) + 600}


LIES: dict[str, tuple[Callable[[OidcProvider], Any], str]] = {
    "nonce": (lambda p: p.claims.update(nonce="another"), "id_token_nonce"),
    "no nonce": (lambda p: p.claims.update(nonce=None), "id_token_nonce"),
    "audience": (lambda p: p.claims.update(aud="another"), "id_token_aud"),
    "audiences": (lambda p: p.claims.update(aud=["another", "third"]), "id_token_aud"),
    "no party": (lambda p: p.claims.update(aud=["another", CLIENT]), "id_token_azp"),
    "party": (lambda p: p.claims.update(aud=[CLIENT, "another"], azp="another"), "id_token_azp"),
    "party alone": (lambda p: p.claims.update(azp="another"), "id_token_azp"),
    "issuer": (lambda p: p.claims.update(iss="https://evil.example"), "id_token_iss"),
    "nobody": (lambda p: p.claims.update(sub=None), "id_token_sub"),
    "empty": (lambda p: p.claims.update(sub=""), "id_token_sub"),
    "for ever": (lambda p: p.claims.update(exp=None), "id_token_exp"),
    "expired": (past, "id_token_exp"),
    "future": (future, "id_token_iat"),
    "access token": (lambda p: p.claims.update(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), "id_token_at_hash"),
    "none": (lambda p: p.header.update(alg="none"), "bad_signature"),
    "none at all": (lambda p: p.header.update(alg="none", kid=None), "bad_signature"),
    "hmac": (lambda p: p.header.update(alg="HS256"), "bad_signature"),
    "forged": (forge, "bad_signature"),
    "unknown key": (lambda p: p.header.update(kid="of somebody"), "unknown_key"),
    "critical": (lambda p: p.header.update(crit=["x"], x=1), "bad_signature"),
    "mix-up": (lambda p: p.answer.update(iss="https://evil.example"), "another_issuer"),
    "says not who": (lambda p: p.answer.update(iss=""), "another_issuer"),
    "refusal": (lambda p: p.answer.update(error="access_denied", code=""), "provider_refused"),
    "refusal and code": (lambda p: p.answer.update(error="access_denied"), "provider_refused"),
    "no code": (lambda p: p.answer.update(code=""), "no_code"),
    "another code": (lambda p: p.answer.update(code="guessed"), "invalid_grant"),
    "state": (lambda p: p.answer.update(state="another"), "another_state"),
    "no state": (lambda p: p.answer.update(state=""), "another_state"),
    "another secret": (lambda p: setattr(p, "secret", "another"), "invalid_client"),
}


@ONE_DATABASE
def test_lies_are_seen_through(site: Site, provider: OidcProvider) -> None:
    """401 on a page that says what to do, the reason in the log alone, and no session."""
    for lie, (tell, _) in LIES.items():
        honest = OidcProvider(provider.url)
        for name in ("claims", "header", "answer", "signer", "secret"):
            setattr(provider, name, getattr(honest, name))
        tell(provider)
        back = come_in(site)
        assert (back.status_code, back.headers["content-type"]) == (401, "text/html; charset=utf-8"), lie
        assert "This sign-in was not accepted" in back.text
        assert "evil" not in back.text
    assert COOKIE not in site.client.cookies
    assert whys(site) == [why for _, why in LIES.values()]
    with site.runtime.database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM sessions")) == 0


@ONE_DATABASE
def test_a_token_for_several_is_taken_where_we_are_the_party(site: Site, provider: OidcProvider) -> None:
    """Core §3.1.3.7: it was issued to us, though others may read it."""
    provider.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert onward(come_in(site)) == "/dpo"


def test_what_came_back_works_once(site: Site, provider: OidcProvider) -> None:
    """The same address a second time is refused without asking the provider, and so is its code in another flow."""
    path = at_provider(begin(site))
    flow = site.client.cookies["privacy_staff_flow"]
    assert onward(come_back(site, path)) == "/dpo"
    site.client.cookies.clear()
    site.client.cookies.set("privacy_staff_flow", flow)
    exchanged = provider.asked.count("/token")
    assert come_back(site, path).status_code == 401
    assert provider.asked.count("/token") == exchanged
    provider.answer["code"] = dict(parse_qsl(urlsplit(path).query))["code"]
    site.client.cookies.clear()
    assert come_in(site).status_code == 401
    assert whys(site) == ["flow_over", "invalid_grant"]


@ONE_DATABASE
def test_somebody_elses_code_is_worth_nothing(site: Site) -> None:
    """Put into one's own flow, or one's own answer into another browser: PKCE and the state refuse it."""
    theirs = dict(parse_qsl(urlsplit(at_provider(begin(site))).query))
    mine = dict(parse_qsl(urlsplit(at_provider(begin(site))).query))
    mixed = urlencode(mine | {"code": theirs["code"]})
    assert come_back(site, f"/dpo/sign-in/return?{mixed}").status_code == 401
    path = at_provider(begin(site))
    site.client.cookies.clear()
    for cookie in ("", "planted"):
        site.client.cookies.set("privacy_staff_flow", cookie)
        assert come_back(site, path).status_code == 401
    assert whys(site) == ["invalid_grant", "another_state", "another_state"]


@ONE_DATABASE
def test_a_flow_ends_after_ten_minutes(site: Site) -> None:
    """Whatever the cookie says."""
    path = at_provider(begin(site))
    flow = site.client.cookies["privacy_staff_flow"]
    with time_machine.travel(now() + timedelta(minutes=10), tick=False):
        site.client.cookies.set("privacy_staff_flow", flow)
        assert come_back(site, path).status_code == 401
    assert whys(site) == ["flow_over"]


@ONE_DATABASE
def test_another_page_cannot_spend_a_flow(site: Site) -> None:
    """It does not know the state, and the sign-in under way goes on."""
    path = at_provider(begin(site))
    assert come_back(site, "/dpo/sign-in/return?state=guessed&code=x").status_code == 401
    assert onward(come_back(site, path)) == "/dpo"


@ONE_DATABASE
def test_keys_are_replaced(site: Site, provider: OidcProvider) -> None:
    """A key that is not known is asked for once; whoever makes keys up does not make us ask again and again."""
    assert onward(come_in(site)) == "/dpo"
    provider.rotate("EC")
    with time_machine.travel(now() + AGAIN):
        assert onward(come_in(site)) == "/dpo"
        assert provider.asked.count("/keys") == 2
        for _ in range(3):
            provider.header["kid"] = "made up"
            assert come_in(site).status_code == 401
        assert provider.asked.count("/keys") == 2
        assert provider.asked.count("/.well-known/openid-configuration") == 1


@ONE_DATABASE
def test_a_key_that_is_withdrawn_is_believed_for_an_hour(site: Site, provider: OidcProvider) -> None:
    """Not longer, though its id is known here."""
    assert onward(come_in(site)) == "/dpo"
    stolen = provider.keys[0]
    provider.rotate()
    provider.signer, provider.header = stolen, {"kid": stolen.kid}
    with time_machine.travel(now() + timedelta(hours=1)):
        assert come_in(site).status_code == 401


@ONE_DATABASE
def test_a_provider_that_is_away_keeps_nobody_else_out(site: Site, provider: OidcProvider) -> None:
    """A page says so, it is not asked again at once, the one-time link works, and later the provider does again."""
    provider.away = 503
    for _ in range(2):
        page = site.client.post("/dpo/sign-in/provider", headers=HTML | SAME)
        assert page.status_code == 503
        assert "privacy-svc console" in page.text
    assert len(provider.asked) == 1
    site.sign_in(name="linda")
    assert site.get("/dpo").status_code == 200
    provider.away = 0
    with time_machine.travel(now() + AGAIN):
        path = at_provider(begin(site))
        provider.away = 500
        assert come_back(site, path).status_code == 503
    assert whys(site) == ["provider_away"]


UNFIT: list[dict[str, Any]] = [
    {"issuer": "https://evil.example"},
    {"token_endpoint": "http://login.example/token"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"end_session_endpoint": "javascript:alert(1)"},
    {"jwks_uri": None},
    {"token_endpoint": 1},
]


@ONE_DATABASE
def test_a_provider_that_says_something_unfit_of_itself(site: Site, provider: OidcProvider) -> None:
    """503, and nobody is led anywhere."""
    for n, metadata in enumerate(UNFIT):
        provider.metadata = metadata
        with time_machine.travel(now() + n * AGAIN):
            page = site.client.post("/dpo/sign-in/provider", headers=HTML | SAME)
        assert page.status_code == 503, metadata
        assert "javascript:" not in page.text
    assert len(provider.asked) == len(UNFIT)


@ONE_DATABASE
def test_an_address_of_our_own_network_is_not_called(
    open_site: Callable[..., Site], provider: OidcProvider, settings: dict[str, Any]
) -> None:
    """The issuer goes through the same door as every other address: without `outbound_allow` it stays shut."""
    site = open_site(**settings | {"outbound_allow": ""})
    with site.client:
        assert site.client.post("/dpo/sign-in/provider", headers=HTML | SAME).status_code == 503
    assert provider.asked == []


@ONE_DATABASE
@pytest.mark.parametrize(
    "methods", [["client_secret_post"], ["client_secret_post", "client_secret_basic"], "none", None]
)
def test_the_secret_is_told_as_the_provider_wants_it(site: Site, provider: OidcProvider, methods: Any) -> None:
    """In the body where it takes no other way; else by Basic, which holds where it says nothing."""
    provider.metadata = {"token_endpoint_auth_methods_supported": methods}
    assert onward(come_in(site)) == "/dpo"


def test_signing_out_here_and_there(site: Site, provider: OidcProvider) -> None:
    """The session ends, and the browser is led to the provider's end; who came by a link is not."""
    come_in(site)
    secret = site.client.cookies[COOKIE]
    answer = site.client.post("/dpo/sign-out", headers=HTML | SAME)
    url = onward(answer)
    assert url.startswith(f"{provider.url}/logout?")
    assert httpx.get(url).headers["location"] == f"{BASE}/dpo/sign-in"
    assert provider.signed_out == [{"client_id": CLIENT, "post_logout_redirect_uri": f"{BASE}/dpo/sign-in"}]
    site.client.cookies.set(COOKIE, secret)
    assert site.get("/dpo").status_code == 401
    site.client.cookies.clear()
    site.sign_in(name="linda")
    left = site.client.post("/dpo/sign-out", headers=HTML | SAME, follow_redirects=False)
    assert left.headers["location"] == "/dpo/sign-in"


@ONE_DATABASE
def test_signing_out_while_the_provider_is_away(site: Site, provider: OidcProvider) -> None:
    """Ends the session here."""
    come_in(site)
    provider.away = 503
    with time_machine.travel(now() + timedelta(minutes=20)):
        assert site.get("/dpo").status_code == 200
    with time_machine.travel(now() + timedelta(minutes=40)):
        assert site.get("/dpo").status_code == 200
    with time_machine.travel(now() + timedelta(minutes=65)):
        left = site.client.post("/dpo/sign-out", headers=HTML | SAME, follow_redirects=False)
        assert left.headers["location"] == "/dpo/sign-in"
    assert entries(site)[-1][0] == EventType.SESSION_ENDED


def hear(site: Site, token: str) -> int:
    return site.client.post("/dpo/sign-in/ended", data={"logout_token": token}).status_code


@pytest.mark.parametrize("named", [{}, {"sid": None}])
def test_the_provider_signs_somebody_out(site: Site, provider: OidcProvider, named: dict[str, Any]) -> None:
    """By the session or by the account; the log says by whom. Somebody else's session stays."""
    come_in(site)
    token = provider.logout_token(**named)
    dora = site.client.cookies[COOKIE]
    site.client.cookies.clear()
    provider.person.sub, provider.person.sid, provider.person.preferred_username = "account-2", "session-2", "piet"
    come_in(site)
    assert hear(site, token) == 200
    assert entries(site)[-1] == (EventType.SESSION_ENDED, "dora", {"by": "provider"})
    assert "piet · dpo" in site.get("/dpo").text
    site.client.cookies.clear()
    site.client.cookies.set(COOKIE, dora)
    assert site.get("/dpo").status_code == 401


@ONE_DATABASE
@pytest.mark.parametrize(
    ("signed_in", "named", "status"),
    [
        (None, {"sid": "session-1"}, 401),
        (None, {"sid": "session-1", "sub": "account-2"}, 200),
        ("session-1", {"sid": "session-1", "sub": None}, 401),
        ("session-1", {"sid": "session-1", "sub": "account-2"}, 200),
        ("session-1", {"sid": "session-2"}, 200),
    ],
)
def test_whom_a_logout_means(
    site: Site, provider: OidcProvider, signed_in: str | None, named: dict[str, Any], status: int
) -> None:
    """Also somebody whose ID token named no session; never another account's, whatever the session is called."""
    provider.person.sid = signed_in  # type: ignore[assignment]
    come_in(site)
    assert hear(site, provider.logout_token(**named)) == 200
    assert site.get("/dpo").status_code == status


@ONE_DATABASE
def test_an_old_logout_ends_no_later_session(site: Site, provider: OidcProvider) -> None:
    """Sent again, within its time."""
    token = provider.logout_token(sid=None)
    with time_machine.travel(now() + timedelta(minutes=2)):
        provider.claims = {"exp": int(now().timestamp()) + 300}
        come_in(site)
        assert hear(site, token) == 200
        assert site.get("/dpo").status_code == 200


@ONE_DATABASE
def test_a_logout_that_does_not_hold(site: Site, provider: OidcProvider) -> None:
    """An ID token, one for another client, expired, of another key, without event or person, or no token: 400."""
    come_in(site)
    tokens = [
        provider.id_token("x"),
        *(
            provider.logout_token(**over)
            for over in (
                {"aud": "another"},
                {"iss": "https://evil.example"},
                {"exp": int(now().timestamp()) - 120},
                {"exp": None},
                {"jti": None},
                {"events": {}},
                {"events": ["http://schemas.openid.net/event/backchannel-logout"]},
                {"nonce": "x"},
                {"sub": None, "sid": None},
                {"sub": 1},
            )
        ),
        "",
        "a.b.c",
    ]
    forge(provider)
    tokens.append(provider.logout_token())
    assert [hear(site, token) for token in tokens] == [400] * len(tokens)
    assert site.get("/dpo").status_code == 200
    refused = [told for kind, _, told in entries(site) if kind == EventType.SIGN_IN_FAILED]
    assert [told["by"] for told in refused] == ["logout"] * len(tokens)


@ONE_DATABASE
def test_logouts_that_do_not_hold_fill_no_log(site: Site) -> None:
    """So many an hour of one network are entered, then one that says so; sign-ins are not held up by them."""
    heard = [hear(site, "x") for _ in range(LOGOUTS.most + 2)]
    assert heard == [400] * LOGOUTS.most + [429] * 2
    assert [kind for kind, _, _ in entries(site)][-1] == EventType.SIGN_IN_LOCKED
    assert onward(come_in(site)) == "/dpo"


@ONE_DATABASE
def test_the_log_calls_nobody_by_a_name_that_is_not_theirs(site: Site, provider: OidcProvider) -> None:
    """A module's, the service's own, an address: then the account has a name made of it."""
    for n, name in enumerate(("marketing", "worker", "Dora Smith", "dora@shop.example", "", None, ["dora"])):
        provider.person.sub, provider.claims["preferred_username"] = f"account-{n}", name
        assert onward(come_in(site)) == "/dpo"
    names = actors(site)
    assert len(set(names)) == len(names) == 7
    assert all(re.fullmatch(r"staff-[0-9a-f]{12}", name) for name in names)


def test_nobody_is_somebody_else_by_another_name(site: Site, provider: OidcProvider) -> None:
    """Renamed there, an account is called here as before; neither its old name nor another account's is taken over."""
    for sub, name in (("1", "dora"), ("2", "piet"), ("1", "piet"), ("1", "dora-2"), ("3", "dora"), ("3", "free")):
        provider.person.sub, provider.person.preferred_username = sub, name
        assert onward(come_in(site)) == "/dpo"
    first, second, *renamed, third, again = actors(site)
    assert (first, second, renamed) == ("dora", "piet", ["dora", "dora"])
    assert third == again
    assert third.startswith("staff-")


@ONE_DATABASE
def test_too_many_are_held_up(site: Site) -> None:
    """What is begun and what fails is counted by network; the log says once that it is locked, and grows no more."""
    for _ in range(STAFF_FAILURES.most):
        assert come_back(site, "/dpo/sign-in/return?state=x").status_code == 401
    for _ in range(3):
        held = come_back(site, "/dpo/sign-in/return?state=x")
        assert (held.status_code, "retry-after" in held.headers) == (429, True)
    for _ in range(2):
        assert site.client.post("/dpo/sign-in", data={"token": "x"}, headers=SAME).status_code == 429
    kinds = [kind for kind, _, _ in entries(site)]
    assert kinds == [EventType.SIGN_IN_FAILED] * STAFF_FAILURES.most + [EventType.SIGN_IN_LOCKED]
    statuses = [
        site.client.post("/dpo/sign-in/provider", headers=HTML | SAME).status_code
        for _ in range(BEGUN_BY_NETWORK.most + 2)
    ]
    assert statuses == [200] * BEGUN_BY_NETWORK.most + [429] * 2
    assert entries(site)[-1][2] == {"limit": BEGUN_BY_NETWORK.name}


def test_nothing_of_a_sign_in_is_kept(site: Site, provider: OidcProvider) -> None:
    """No code, token, account or secret of it is in a table or the log; the settings do not tell the secret."""
    provider.person.sub, provider.person.sid = "planted-account", "planted-session"
    url = begin(site)
    flow = site.client.cookies["privacy_staff_flow"]
    path = at_provider(url)
    sent = dict(parse_qsl(urlsplit(path).query)) | dict(parse_qsl(urlsplit(url).query))
    assert onward(come_back(site, path)) == "/dpo"
    planted = [
        flow,
        *(sent[n] for n in ("code", "state", "nonce", "code_challenge")),
        SECRET,
        *vars(provider.person).values(),
    ]
    with site.runtime.database.read() as session:
        rows = [
            str(r) for t in ("sessions", "staff_flows", "tallies") for r in session.execute(text(f"SELECT * FROM {t}"))
        ]
    told = " ".join([*rows, *map(str, entries(site)), repr(site.runtime.by_provider), repr(site.runtime.settings)])
    assert [p for p in planted if isinstance(p, str) and p != "dora" and p in told] == []


@ONE_DATABASE
def test_another_site_begins_nothing(site: Site) -> None:
    """Its form is refused."""
    assert site.client.post("/dpo/sign-in/provider", headers=CROSS).status_code == 403


@ONE_DATABASE
def test_without_a_provider_there_are_links_alone(open_site: Callable[..., Site]) -> None:
    """The page has no button for it, and its routes are not there."""
    site = open_site()
    with site.client:
        assert "organisation&#39;s account" not in site.get("/dpo/sign-in").text
        assert site.client.post("/dpo/sign-in/provider", headers=HTML | SAME).status_code == 404
        with site.runtime.database.read() as session:
            assert [session.scalar(text(f"SELECT count(*) FROM {t}")) for t in ("staff_flows", "tallies")] == [0, 0]
        assert hear(site, "x") == 404
        site.sign_in(Role.AUDITOR)
        assert site.get("/dpo").status_code == 200
