"""Addresses are verified by a mail with a link

The service's own mail: it arrives, signed by the service's domain; its link
confirms the address, once, for the right identity, in time.
"""

import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

from harness.host import wait
from harness.layout import SERVICE_DOMAIN
from test_forgery import inject
from ticket import stamp


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
    assert set(host.dkim_domains(mail)) == {SERVICE_DOMAIN}
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


@pytest.mark.parametrize("member, value", [
    ("Identity", "victim@people.example"), ("Context", "999999999999"),
    ("Date", "4102444800000"), ("Signature", "0" * 64), ("Signature", ""),
    ("Template", "other"), ("Identity", "<script>alert(1)</script>"),
])
def test_nothing_of_a_link_can_be_changed(host, link, member, value):
    parts = urllib.parse.urlsplit(link)
    members = dict(urllib.parse.parse_qsl(parts.query))
    members[member] = value
    url = urllib.parse.urlunsplit(
        parts._replace(query=urllib.parse.urlencode(members)))
    code, _, page = browse(url)
    assert code == 404 and "<form" not in page and "<script" not in page
    assert browse(url.partition("?")[0], members)[0] == 404
    assert status(host, "eve@people.example")[0] == "PENDING"


@pytest.fixture(scope="module")
def link(host, service_dns):
    return ask(host, "eve@people.example")


def test_broken_links_have_a_page(link):
    path = link.partition("?")[0]
    for query in ("", "?", "?%zz", "?Context=%00", "?Date=1&Date=2",
                  "?" + "x" * 2000):
        assert browse(path + query)[0] == 404
    assert browse(path, {"Context": "\0"})[0] == 404


def test_a_link_is_for_one_identity(host):
    """Deleted and created again, the address must be asked again."""
    address = "zoe@people.example"
    old = ask(host, address)
    host.ses().delete_email_identity(EmailIdentity=address)
    assert browse(old)[0] == 404
    host.ses().create_email_identity(EmailIdentity=address)
    new = link_in(host.wait_mail(to=address, count=2)[1])
    assert browse(old)[0] == 404
    code, _, page = browse(new)
    assert code == 200 and press(new, page)[0] == 200
    assert status(host, address)[0] == "SUCCESS"


def test_nobody_is_flooded(host):
    ses, address = host.ses(), "often@people.example"
    for _ in range(5):
        ses.create_email_identity(EmailIdentity=address)
        ses.delete_email_identity(EmailIdentity=address)
    with pytest.raises(ses.exceptions.LimitExceededException,
                       match="Too many verification emails"):
        ses.create_email_identity(EmailIdentity=address.upper())
    with pytest.raises(ses.exceptions.NotFoundException):
        ses.get_email_identity(EmailIdentity=address)


def test_a_bounce_of_our_mail_makes_no_mail(host):
    """The identity stays pending; nothing is sent because of the bounce."""
    address = "reply-550-5.1.1-own@people.example"
    host.ses().create_email_identity(EmailIdentity=address)
    wait(lambda: [line for line in host.sesamectl("events").splitlines()
                  if address in line and "Bounce" in line], 1, 60,
         "bounce event")
    before = len(host.mail())
    host.settle()
    assert len(host.mail()) == before
    assert host.mail(to=address) == []
    assert status(host, address)[0] == "PENDING"


def test_the_agents_stamp_is_good_for_the_service_only(host):
    own, other = "no-reply@" + SERVICE_DOMAIN, "s@stamps.example"
    host.verify_domain("stamps.example")
    to = "stamped@rcpt.example"

    def tried(sender, **fields):
        return inject(host, stamp(host, sender, [to], **fields), [to],
                      sender)[0]

    assert tried(other) == 250  # as nginx does
    assert tried(own, n="system", file="agent-ticket.key") == 250
    assert tried(own, n="system") == 554  # nginx cannot be the service,
    assert tried(other, file="agent-ticket.key") == 554  # nor the agent us
    assert tried(other, n="system", file="agent-ticket.key") == 554


TEMPLATE = {
    "TemplateName": "welcome", "FromEmailAddress": "Shop <hi@custom.example>",
    "TemplateSubject": "Gr\u00fc\u00df Gott",
    "TemplateContent": "<html><body><h1>Shop & co</h1></BODY></html>",
    "SuccessRedirectionURL": "https://shop.example/yes?a=1&b=2",
    "FailureRedirectionURL": "http://shop.example/no"}


@pytest.fixture(scope="module")
def shop(host):
    host.verify_domain("custom.example")
    host.ses().create_custom_verification_email_template(**TEMPLATE)
    return host.ses()


def custom_link(mail):
    html = mail.message.get_body(("html",)).get_content()
    assert "<h1>Shop & co</h1>" in html
    assert html.index("verify-email") < html.index("</BODY>")
    return re.search(r'href="([^"]+/verify-email[^"]+)"',
                     html).group(1).replace("&amp;", "&")


def test_custom_templates(shop):
    found = shop.get_custom_verification_email_template(TemplateName="welcome")
    assert {name: found[name] for name in TEMPLATE} == TEMPLATE
    rows = shop.list_custom_verification_email_templates()
    assert [row["TemplateName"] for row in
            rows["CustomVerificationEmailTemplates"]] == ["welcome"]

    def refused(error, text, operation=shop.
                create_custom_verification_email_template, **changed):
        with pytest.raises(error, match=text):
            operation(**dict(TEMPLATE, **changed))

    bad, missing = (shop.exceptions.BadRequestException,
                    shop.exceptions.NotFoundException)
    refused(shop.exceptions.AlreadyExistsException,
            "Custom verification email template <welcome> already exists")
    refused(missing, "template <other> does not exist",
            shop.update_custom_verification_email_template,
            TemplateName="other")
    for name in ("Success", "Failure"):
        for url in ("javascript:alert(1)", "https:///x", "ftp://a.example",
                    "https://a.example/\r\nSet-Cookie: a=b", "x"):
            refused(bad, "The %s redirection URL is invalid" % name.lower(),
                    TemplateName="new", **{name + "RedirectionURL": url})
    refused(bad, "The from email address <x@nobody.example> is not verified",
            TemplateName="new", FromEmailAddress="x@nobody.example")
    refused(bad, "is not verified",
            shop.update_custom_verification_email_template,
            FromEmailAddress="x@nobody.example")
    # Nothing of the page may take the link with it to somebody else.
    for content in ("<img src='https://evil.example/?", "<style>a{}</style>",
                    "<p>x<!-- ", "<textarea>"):
        refused(bad, "The template content is not valid: ",
                TemplateName="new", TemplateContent=content)
        refused(bad, "The template content is not valid: ",
                shop.update_custom_verification_email_template,
                TemplateContent=content)
    for operation in (shop.get_custom_verification_email_template,
                      shop.delete_custom_verification_email_template):
        with pytest.raises(missing):
            operation(TemplateName="other")


def test_a_custom_mail_and_where_its_link_leads(host, shop):
    address = "carl@people.example"
    sent = shop.send_custom_verification_email(EmailAddress=address,
                                               TemplateName="welcome")
    mail = host.wait_mail(to=address)[0]
    assert sent["MessageId"] in mail.header("Message-ID")
    assert mail.header("Subject") == TEMPLATE["TemplateSubject"]
    assert mail.header("From") == TEMPLATE["FromEmailAddress"]
    assert mail.header("Auto-Submitted") == "auto-generated"
    assert "custom.example" in host.dkim_domains(mail)
    assert status(host, address) == ("PENDING", False)

    link = custom_link(mail)
    code, _, page = browse(link)
    assert code == 200
    code, headers, _ = press(link, page)
    assert code == 302
    assert headers["Location"] == TEMPLATE["SuccessRedirectionURL"]
    assert status(host, address) == ("SUCCESS", True)
    code, headers, _ = browse(link)
    assert (code, headers["Location"]) == (
        302, TEMPLATE["SuccessRedirectionURL"])

    host.ses().delete_email_identity(EmailIdentity=address)
    code, headers, _ = browse(link)
    assert (code, headers["Location"]) == (
        302, TEMPLATE["FailureRedirectionURL"])
    code, headers, _ = browse(link[:-1] + "x")
    assert code == 404 and headers["Location"] is None

    with pytest.raises(shop.exceptions.BadRequestException,
                       match="Invalid email address<nobody>."):
        shop.send_custom_verification_email(EmailAddress="nobody",
                                            TemplateName="welcome")
    with pytest.raises(shop.exceptions.NotFoundException):
        shop.send_custom_verification_email(EmailAddress=address,
                                            TemplateName="other")


def test_in_the_sandbox(host, shop):
    """Mail goes to addresses that agreed, and nowhere else."""
    address, account = "sandy@people.example", host.env["SESAME_ACCOUNT"]
    link = ask(host, address)
    press(link, browse(link)[2])
    host.sesamectl("production", "revoke", account)
    try:
        def send(to):
            return host.ses().send_email(
                FromEmailAddress="hi@custom.example",
                Destination={"ToAddresses": [to]},
                Content={"Simple": {"Subject": {"Data": "sandbox"},
                                    "Body": {"Text": {"Data": "x"}}}})

        assert send(address)["MessageId"]
        refused = shop.exceptions.MessageRejected
        with pytest.raises(refused, match="eve@people.example"):
            send("eve@people.example")
        with pytest.raises(refused, match="sandbox"):
            shop.send_custom_verification_email(
                EmailAddress="new@people.example", TemplateName="welcome")
    finally:
        host.sesamectl("production", "grant", account)


def test_an_address_that_nobody_confirms_fails(new_host):
    host = new_host("--set", "verify_link_lifetime = 3s")
    address = "late@people.example"
    link = ask(host, address)
    wait(lambda: [1] if status(host, address)[0] == "FAILED" else [], 1, 60,
         "failed identity")
    assert browse(link)[0] == 410
    code, _, page = browse(link.partition("?")[0],
                           dict(urllib.parse.parse_qsl(link.partition("?")[2])))
    assert code == 410 and "expired" in page
    assert status(host, address) == ("FAILED", False)
    # The operator asks again, or takes somebody's word.
    host.sesamectl("identity", "verify", address, "--ask")
    host.wait_mail(to=address, count=2)
    host.sesamectl("identity", "verify", address)
    assert status(host, address) == ("SUCCESS", True)


@pytest.mark.long
def test_fifty_mails_through_a_killed_agent(host):
    """Each arrives, and no second message is made of any."""
    addresses = ["many%d@people.example" % n for n in range(50)]
    host.stop("agent")
    for address in addresses:
        host.ses().create_email_identity(EmailIdentity=address)
    host.start("agent")
    for count in (5, 20, 35):
        wait(lambda: [1 for mail in host.mail()
                      if mail.rcpt_tos[0] in addresses], count, 120, "mails")
        host.kill9("agent")
        host.start("agent")
    wait(lambda: {mail.rcpt_tos[0] for mail in host.mail()} & set(addresses),
         50, 180, "addresses that were asked")
    host.settle()
    for address in addresses:
        assert len({mail.header("Message-ID")
                    for mail in host.mail(to=address)}) == 1, address
