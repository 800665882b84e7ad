"""verdict - what clients were told against what became of it"""

import collections
import json


def verdicts(host, load, exactly_once=True):
    """Hold what was answered against what the sink and subscriber got."""
    deliveries = collections.defaultdict(list)
    for mail in host.mail():
        for recipient in mail.rcpt_tos:
            deliveries[recipient].append(mail)

    events = {}
    for request in host.requests():
        body = request["message"]
        if request["answer"] == 200 and isinstance(body, dict) and \
                "eventType" in body:
            events[request["json"]["MessageId"]] = body
    sends, finals = collections.Counter(), collections.defaultdict(list)
    for event in events.values():
        message_id = event["mail"]["messageId"]
        if event["eventType"] == "Send":
            sends[message_id] += 1
        for recipient in event.get("delivery", {}).get("recipients", []):
            finals[message_id, recipient].append("Delivery")
        for who in event.get("bounce", {}).get("bouncedRecipients", []):
            finals[message_id, who["emailAddress"]].append("Bounce")

    for sent in load.good:
        assert sends[sent.message_id] == 1, sent
        for recipient in sent.recipients:
            bounces = recipient.startswith("reply-")
            assert finals[sent.message_id, recipient] == (
                ["Bounce"] if bounces else ["Delivery"]), sent
            got = deliveries[recipient]
            if bounces:
                assert not got
                continue
            assert got, "lost: %r" % (sent,)
            assert len({m.header("Message-ID") for m in got}) == 1
            if exactly_once:
                assert len(got) == 1, sent

    assert all(count == 1 for count in sends.values())
    assert all(len(kinds) == 1 for kinds in finals.values())
    for recipient, mails in deliveries.items():
        if recipient == "sender@" + load.domain:
            continue  # what came back, forwarded by the service
        for mail in mails:
            # The second signature comes when its key was seen.
            signed = mail.message.get_all("DKIM-Signature")
            assert host.dkim_domains(mail) == \
                [load.domain] * len(signed), mail.path


def quota_adds_up(host):
    """At rest: quota used = recipients of entries that are not aborted.

    `check` compares the two for every account."""
    told = host.sesamectl("check", "--json", check=False)
    assert not [one for one in told
                if "quota" in json.dumps(one)], told
