"""A shop that is served for real, with a mail server, and a customer who signs in to it."""

import re
import time
from typing import Any

from tests.e2e.browser import Visitor
from tests.e2e.service import SECONDS, Installation
from tests.shop import ANA
from tests.smtp import SmtpServer


class Company(Installation):
    """A shop that is served for real, with a mail server."""

    mail: SmtpServer
    cookies: Any = None

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "PRIVACY_SMTP_URL": self.mail.url, "PRIVACY_DEMO": "true"}

    def newest_code(self, address: str, seen: int) -> str:
        return self.newest(r"^ +(\d{6})\s*$", address, seen)

    def newest(self, pattern: str, address: str, seen: int) -> str:
        """What the pattern finds in the letter that comes after as many as were `seen`."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            letters = self.mail.to(address)
            if len(letters) > seen:
                found = re.search(pattern, letters[-1].get_content(), re.MULTILINE)
                assert found
                return found[1]
            time.sleep(0.05)
        raise AssertionError(f"no letter came; {self.logs()}")


def sign_in(visitor: Visitor, company: Company, *, anew: bool = False) -> None:
    """By a code that is really mailed; or in the session of the test before, since there are few codes in an hour."""
    if company.cookies and not anew:
        visitor.page.context.add_cookies(company.cookies)
        return
    seen = len(company.mail.to(ANA["email"]))
    visitor.go("/sign-in")
    visitor.page.fill("#email", ANA["email"])
    visitor.page.press("#email", "Enter")
    visitor.page.wait_for_url("**/sign-in/code")
    visitor.check()
    visitor.shoot("code")
    visitor.page.fill("#code", company.newest_code(ANA["email"], seen))
    visitor.page.press("#code", "Enter")
    visitor.page.wait_for_url("**/me")
    company.cookies = visitor.page.context.cookies()
