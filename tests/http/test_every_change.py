"""Of every route that may change something it is known what happens when the same request is sent again."""

from tests.calling import Service
from tests.conftest import ONE_DATABASE

pytestmark = ONE_DATABASE
UNKEYED = {
    "asks, and changes nothing but the log": {
        "checkSuppressions",
        "detectPersonalData",
        "evaluate",
        "evaluateMany",
        "findAudience",
        "openValues",
        "redactPersonalData",
        "sealValues",
        "searchAction",
        "searchResource",
        "searchSubject",
        "simulatePolicy",
    },
    "says what is to be: a second time it is so already, or that is what the refusal says": {
        "changeRecord",
        "closeBreach",
        "liftHold",
        "liftObjection",
        "liftRestriction",
        "noteElsewhereDone",
        "noteLetterTold",
        "noteRecipientExempt",
        "noteRecipientTold",
        "overrideObjection",
        "readmit",
        "releaseSuppressed",
        "revokePackageLink",
        "tellRecipientAgain",
        "unsubscribe",
    },
    "follows a standard or a file of its own that says how to send again": {
        "OpendsrV2CallbacksTakeCallback",
        "OpendsrV2RequestsSubjectRequestIdCancelTaken",
        "OpendsrV2RequestsTakeRequest",
        "importConsents",
        "passSignal",
    },
    "is made anew each time, and the former one is void or stays without harm": {
        "makeUnsubscribeLink",
        "renewPackageLink",
        "runAudit",
        "scanStores",
        "sendCode",
    },
    "would be done twice: look first, docs/developers.md names them": {
        "askPerson",
        "assessBreach",
        "createRecord",
        "placeHold",
        "registerBreach",
        "sendLetterAgain",
        "announceRestrictionEnd",
        "tellAuthority",
        "tellPeople",
        "tellPersonRecipients",
    },
}
"""Routes that do not look at the key, by reason."""


def test_every_route_takes_a_key_or_says_why_not(service: Service) -> None:
    """From the reference: no route is forgotten, and none is excused that takes the header."""
    paths = service.http.get("/schema/openapi.json").json()["paths"]
    takes = {
        operation["operationId"]: any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", ()))
        for methods in paths.values()
        for method, operation in methods.items()
        if method not in {"get", "head", "options"}
    }
    excused = [name for names in UNKEYED.values() for name in names]
    assert sorted(excused) == sorted(name for name, keyed in takes.items() if not keyed)
