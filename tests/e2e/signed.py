"""signed - requests signed by botocore, sent by requests as we like them"""

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import requests


def signed_request(host, method, path, body=b"", headers=None, key=None,
                   service="ses", region=None):
    """A prepared request with its SigV4 headers."""
    access, secret = key or (host.env["AWS_ACCESS_KEY_ID"],
                             host.env["AWS_SECRET_ACCESS_KEY"])
    if isinstance(body, str):
        body = body.encode()
    request = botocore.awsrequest.AWSRequest(
        method=method, url=host.env["SESAME_ENDPOINT"] + path, data=body,
        headers=dict({"Content-Type": "application/json"}, **(headers or {})))
    botocore.auth.SigV4Auth(
        botocore.credentials.Credentials(access, secret), service,
        region or host.env["SESAME_REGION"]).add_auth(request)
    return request


def signed_post(host, path, body=b"", headers=None, **more):
    return send(signed_request(host, "POST", path, body, headers, **more))


def signed_get(host, path, **more):
    return send(signed_request(host, "GET", path, **more))


def send(request, timeout=60):
    """Send it with its path exactly as it was signed."""
    session = requests.Session()
    prepared = requests.Request(
        request.method, request.url, data=request.data,
        headers=dict(request.headers.items())).prepare()
    prepared.url = request.url
    return session.send(prepared, timeout=timeout)
