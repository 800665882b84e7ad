"""Addresses are verified by a mail with a link

The service's own mail: it arrives, signed by the service's domain; its link
confirms the address, once, for the right identity, in time.
"""

import re
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from harness.host import wait
from harness.layout import SERVICE_DOMAIN


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *unused):
        return None


def browse(url, form=None):
    """(status, headers, text) of a GET, or of a POST of the form."""
    data = urllib.parse.urlencode(form).encode() if form else None
    opener = urllib.request.build_opener(NoRedirect)
    try:
        answer = opener.open(url, data=data, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers, answer.read().decode()


def press(url, page):
    """Press the page's button."""
    action = re.search(r'action="([^"]+)"', page).group(1)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    return browse(urllib.parse.urljoin(url, action),
                  {name: value.replace("&amp;", "&")
                   for name, value in fields.items()})


def link_in(mail):
    text = mail.message.get_content()
    return re.search(r"^(http://\S+/verify-email\?\S+)\s*$", text,
                     re.M).group(1)


def ask(host, address, **arguments):
    """Create the identity; the link of its mail."""
    host.ses().create_email_identity(EmailIdentity=address, **arguments)
    return link_in(host.wait_mail(to=address)[-1])


def status(host, address):
    found = host.ses().get_email_identity(EmailIdentity=address)
    return found["VerificationStatus"], found["VerifiedForSendingStatus"]


@pytest.fixture(scope="module", autouse=True)
def service_dns(host):
    """The service's own records are in the DNS and were seen."""
    host.sesamectl("identity", "verify", SERVICE_DOMAIN, "--timeout", "60")


def test_an_address_is_verified_by_its_owner(host):
    address = "Ann+x@people.example"
    host.ses().create_email_identity(EmailIdentity=address)
    assert status(host, address) == ("PENDING", False)

    mail = host.wait_mail(to=address)[0]
    assert mail.header("From").endswith("<no-reply@%s>" % SERVICE_DOMAIN)
    assert mail.header("Auto-Submitted") == "auto-generated"
    assert host.dkim_domains(mail) == [SERVICE_DOMAIN]
    link = link_in(mail)

    code, headers, page = browse(link)
    assert code == 200 and address in page
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "<script" not in page
    assert status(host, address) == ("PENDING", False)  # looking is nothing

    code, _, page = press(link, page)
    assert code == 200 and "verified" in page
    assert status(host, address) == ("SUCCESS", True)

    # Again, it says the same; nothing is asked any more.
    code, _, page = browse(link)
    assert code == 200 and "verified" in page and "<form" not in page

    sent = host.ses().send_email(
        FromEmailAddress=address,
        Destination={"ToAddresses": ["bob@example.net"]},
        Content={"Simple": {"Subject": {"Data": "from an address"},
                            "Body": {"Text": {"Data": "x"}}}})
    assert sent["MessageId"]
    host.wait_mail(subject="from an address")
    assert len(host.mail(to=address)) == 1
