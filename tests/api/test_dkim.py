"""DKIM over the API: switches, key lengths, and keys that customers bring."""

import base64
import os

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from harness.host import wait
from test_identities import refused

FORMATS = {"PKCS #1": serialization.PrivateFormat.TraditionalOpenSSL,
           "PKCS #8": serialization.PrivateFormat.PKCS8}


@pytest.fixture(scope="module")
def ses(host):
    return host.ses()


def body(key, form="PKCS #8"):
    """A private key as the API takes it."""
    return base64.b64encode(key.private_bytes(
        serialization.Encoding.DER, FORMATS[form],
        serialization.NoEncryption())).decode()


def record(key):
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(
        key.public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo)).decode()


def strings(text):
    return " ".join('"%s"' % text[at:at + 200]
                    for at in range(0, len(text), 200))


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


def brought(key, selector="own", form="PKCS #8"):
    return {"DomainSigningSelector": selector,
            "DomainSigningPrivateKey": body(key, form)}


@pytest.mark.parametrize("form", FORMATS)
def test_own_key(host, ses, key, form):
    domain = form.lower().replace(" #", "") + ".byo.example"
    made = ses.create_email_identity(
        EmailIdentity=domain,
        DkimSigningAttributes=brought(key, "Own-1", form))["DkimAttributes"]
    assert made["Tokens"] == ["own-1"] and made["Status"] == "PENDING"
    assert made["SigningAttributesOrigin"] == "EXTERNAL"
    assert "SigningHostedZone" not in made

    host.dns(domain, "own-1._domainkey 60 IN TXT " + strings(record(key)) +
             "\n")
    host.sesamectl("identity", "verify", domain, "--timeout", "30")
    ses.send_email(FromEmailAddress="s@" + domain,
                   Destination={"ToAddresses": ["r@" + domain]},
                   Content={"Simple": {"Subject": {"Data": "x"},
                                       "Body": {"Text": {"Data": "x"}}}})
    mail = host.wait_mail(to="r@" + domain)[0]
    assert host.dkim_domains(mail) == [domain]
    assert "\ts=own-1;" in mail.header("DKIM-Signature")
    assert host.sesamectl("identity", "records", domain, "--json")[0][
        "value"] == record(key)


def test_own_key_stays_secret(host, ses, key):
    """Neither in the store nor in any log, in no spelling."""
    ses.create_email_identity(EmailIdentity="secret.byo.example",
                              DkimSigningAttributes=brought(key))
    der = base64.b64decode(body(key))
    prime = key.private_numbers().p
    needles = [der[100:160], body(key)[200:260].encode(),
               prime.to_bytes(128, "big")[:64]]
    for folder in host.layout.store, host.layout.path("log"):
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            assert not [needle for needle in needles if needle in data], name
            assert b"PRIVATE KEY" not in data, name


def damaged(key):
    """One of its numbers is another."""
    der = bytearray(base64.b64decode(body(key, "PKCS #1")))
    der[-40] ^= 1
    return base64.b64encode(bytes(der)).decode()


BAD = {
    "no base64": (lambda key: "A" * 9, "is not a private key: "),
    "no key": (lambda key: "QUFB", "is not a private key: "),
    "a public key": (lambda key: record(key).partition("p=")[2],
                     "is not a private key: "),
    "more than a key": (lambda key: base64.b64encode(
        base64.b64decode(body(key)) + b"x").decode(),
        "is not a private key: "),
    "no RSA": (lambda key: body(ec.generate_private_key(ec.SECP256R1())),
               "must be an RSA key."),
    "too short": (lambda key: body(rsa.generate_private_key(65537, 1016)),
                  "must have 1024 to 4096 bits, but has 1016."),
    "damaged": (damaged, "is damaged: its numbers do not belong together."),
}


@pytest.mark.parametrize("name", BAD)
def test_wrong_keys(ses, key, name):
    make, reason = BAD[name]
    with pytest.raises(ses.exceptions.BadRequestException) as caught:
        ses.create_email_identity(
            EmailIdentity="wrong.byo.example",
            DkimSigningAttributes={"DomainSigningSelector": "s",
                                   "DomainSigningPrivateKey": make(key)})
    assert reason in caught.value.response["Error"]["Message"]


def test_both_or_neither(ses, key):
    for lonely in ({"DomainSigningSelector": "s"},
                   {"DomainSigningPrivateKey": body(key)}):
        refused(lambda: ses.create_email_identity(
            EmailIdentity="half.byo.example", DkimSigningAttributes=lonely),
            "BadRequestException", "DomainSigningSelector and "
            "DomainSigningPrivateKey must both be specified.")
    with pytest.raises(ses.exceptions.BadRequestException):
        ses.create_email_identity(EmailIdentity="half.byo.example",
                                  DkimSigningAttributes=brought(key, "-x"))


def put_signing(ses, domain, origin, **attributes):
    return ses.put_email_identity_dkim_signing_attributes(
        EmailIdentity=domain, SigningAttributesOrigin=origin,
        SigningAttributes=attributes)


def test_switch(host, ses):
    host.verify_domain("switch.dkim.example", ses)
    for signing in False, True:
        ses.put_email_identity_dkim_attributes(
            EmailIdentity="switch.dkim.example", SigningEnabled=signing)
        shown = ses.get_email_identity(EmailIdentity="switch.dkim.example")
        assert shown["DkimAttributes"]["SigningEnabled"] is signing
        assert shown["DkimAttributes"]["Status"] == "SUCCESS"
        to = "%s@switch.dkim.example" % signing
        ses.send_email(FromEmailAddress="s@switch.dkim.example",
                       Destination={"ToAddresses": [to]},
                       Content={"Simple": {"Subject": {"Data": "x"},
                                           "Body": {"Text": {"Data": "x"}}}})
        mail = host.wait_mail(to=to)[0]
        assert ("switch.dkim.example" in host.dkim_domains(mail)) is signing
    # An address whose domain is registered changes nothing.
    ses.put_email_identity_dkim_attributes(
        EmailIdentity="a@switch.dkim.example", SigningEnabled=False)
    assert ses.get_email_identity(EmailIdentity="switch.dkim.example")[
        "DkimAttributes"]["SigningEnabled"] is True
    for name in "none.dkim.example", "a@none.dkim.example":
        refused(lambda: ses.put_email_identity_dkim_attributes(
            EmailIdentity=name, SigningEnabled=True), "BadRequestException",
            "Domain none.dkim.example is not verified for DKIM signing.")


def test_key_length(host, ses):
    made = ses.create_email_identity(
        EmailIdentity="length.dkim.example",
        DkimSigningAttributes={"NextSigningKeyLength": "RSA_1024_BIT"})
    assert made["DkimAttributes"]["NextSigningKeyLength"] == "RSA_1024_BIT"
    shown = wait(lambda: [key for key in host.sesamectl(
        "identity", "show", host.env["SESAME_ACCOUNT"], "length.dkim.example",
        "--json")["dkim_keys"] if key["state"] == "CURRENT"], 1, 10, "a key")
    assert shown[0]["bits"] == 1024
    refused(lambda: put_signing(ses, "length.dkim.example", "AWS_SES",
                                NextSigningKeyLength="RSA_1024_BIT"),
            "BadRequestException",
            "The key length RSA_1024_BIT is already in use.")
    put = put_signing(ses, "length.dkim.example", "AWS_SES",
                      NextSigningKeyLength="RSA_2048_BIT")
    assert put["DkimTokens"] == made["DkimAttributes"]["Tokens"]
    shown = ses.get_email_identity(EmailIdentity="length.dkim.example")[
        "DkimAttributes"]
    assert shown["CurrentSigningKeyLength"] == "RSA_1024_BIT"
    assert shown["NextSigningKeyLength"] == "RSA_2048_BIT"
    refused(lambda: put_signing(ses, "length.dkim.example", "AWS_SES",
                                NextSigningKeyLength="RSA_1024_BIT"),
            "BadRequestException",
            "The key length can be changed only once in 24 hours.")


def test_to_an_own_key_and_back(host, ses, key):
    """The old key goes on signing until DNS has the new one."""
    domain = "change.dkim.example"
    host.verify_domain(domain, ses)
    tokens = ses.get_email_identity(EmailIdentity=domain)[
        "DkimAttributes"]["Tokens"]
    put = put_signing(ses, domain, "EXTERNAL", **brought(key))
    assert put["DkimTokens"] == ["own"] and put["DkimStatus"] == "PENDING"
    shown = ses.get_email_identity(EmailIdentity=domain)
    assert shown["VerifiedForSendingStatus"] is True
    ses.send_email(FromEmailAddress="s@" + domain,
                   Destination={"ToAddresses": ["r@" + domain]},
                   Content={"Simple": {"Subject": {"Data": "x"},
                                       "Body": {"Text": {"Data": "x"}}}})
    mail = host.wait_mail(to="r@" + domain)[0]
    assert host.dkim_domains(mail) == [domain]
    assert "\ts=%s;" % tokens[0] in mail.header("DKIM-Signature")
    put = put_signing(ses, domain, "AWS_SES")
    assert put["DkimTokens"] == tokens

    refused(lambda: put_signing(ses, "a@" + domain, "AWS_SES"),
            "BadRequestException",
            "The EmailIdentity value must be a valid domain.")
    refused(lambda: put_signing(ses, "none.dkim.example", "AWS_SES"),
            "NotFoundException",
            "Email identity none.dkim.example does not exist.")


def test_bulk(host, ses):
    """A key for each of many new domains within a second or so."""
    names = ["d%d.bulk.example" % n for n in range(12)]
    for name in names:
        ses.create_email_identity(EmailIdentity=name)
    wait(lambda: [1] if host.sesamectl("status", "--json")["keyless"] == 0
         else [], 1, 10, "a key for each")
    for name in names:
        ses.delete_email_identity(EmailIdentity=name)
