"""How a machine joins: a bootstrap token, the signed `cluster-info`, and a certificate of its own."""

import base64
import hmac
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from waiting import until

from kobune.testing import Cluster

SECRETS = "/api/v1/namespaces/kube-system/secrets"
INFO = "/api/v1/namespaces/kube-public/configmaps"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
TOKEN = "abcdef.0123456789abcdef"


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=0, components=("apiserver", "controller-manager")) as cluster:
        yield cluster


@pytest.fixture
async def admin(cluster: Cluster, connect: Any) -> AsyncIterator[Any]:
    async with connect(cluster) as client:
        yield client


def token_secret(**data: str) -> dict[str, Any]:
    told: dict[str, str] = {
        "token-id": "abcdef",
        "token-secret": "0123456789abcdef",
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true",
        **{key.replace("_", "-"): value for key, value in data.items()},
    }
    return {
        "metadata": {"name": "bootstrap-token-abcdef"},
        "type": "bootstrap.kubernetes.io/token",
        "stringData": told,
    }


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def who(cluster: Cluster, connect: Any, token: str) -> Any:
    async with connect(cluster, "", token) as machine:
        answer = await machine.post(WHO, {})
        return answer.ok(201)["status"]["userInfo"] if answer.status == 201 else answer.status


async def test_a_bootstrap_token_stands_for_a_machine_that_wants_to_join(apiserver: Cluster, connect: Any) -> None:
    async with connect(apiserver) as admin:
        groups = "system:bootstrappers:b,system:bootstrappers:a"
        (await admin.post(SECRETS, token_secret(auth_extra_groups=groups, expiration=in_seconds(600)))).ok(201)
        assert await who(apiserver, connect, TOKEN) == {
            "username": "system:bootstrap:abcdef",
            "groups": [
                "system:bootstrappers",
                "system:bootstrappers:a",
                "system:bootstrappers:b",
                "system:authenticated",
            ],
        }
        review = {"spec": {"token": TOKEN}}
        status = (await admin.post("/apis/authentication.k8s.io/v1/tokenreviews", review)).ok(201)["status"]
        assert status["user"]["username"] == "system:bootstrap:abcdef"
        assert await who(apiserver, connect, "abcdef.0123456789abcdee") == 401
        assert await who(apiserver, connect, "ghijkl.0123456789abcdef") == 401


@pytest.mark.parametrize(
    "data",
    [
        {"expiration": "2001-01-01T00:00:00Z"},
        {"expiration": "soon"},
        {"auth_extra_groups": "system:masters"},
        {"usage_bootstrap_authentication": "false"},
        {"token_id": "ghijkl"},
    ],
    ids=str,
)
async def test_a_bootstrap_token_that_says_anything_else_is_nobodys(
    apiserver: Cluster, connect: Any, data: dict[str, str]
) -> None:
    async with connect(apiserver) as admin:
        (await admin.post(SECRETS, token_secret(**data))).ok(201)
        assert await who(apiserver, connect, TOKEN) == 401


async def test_cluster_info_is_signed_until_the_token_expires(cluster: Cluster, admin: Any) -> None:
    content = "apiVersion: v1\nkind: Config\n"
    (await admin.post(INFO, {"metadata": {"name": "cluster-info"}, "data": {"kubeconfig": content}})).ok(201)
    (await admin.post(SECRETS, token_secret(expiration=in_seconds(3)))).ok(201)

    async def signature() -> str:
        data = (await admin.get(f"{INFO}/cluster-info")).ok()["data"]
        return str(data.get("jws-kubeconfig-abcdef", ""))

    header, payload, digest = (await until(signature)).split(".")
    assert payload == ""
    assert orjson.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "kid": "abcdef"}
    told = base64.urlsafe_b64encode(content.encode()).rstrip(b"=")
    expected = hmac.digest(b"0123456789abcdef", header.encode() + b"." + told, "sha256")
    assert base64.urlsafe_b64decode(digest + "=") == expected

    async def is_over() -> bool:
        gone = (await admin.get(f"{SECRETS}/bootstrap-token-abcdef")).status == 404
        return gone and not await signature()

    await until(is_over)


def request_of(user: str, *groups: str, names: tuple[str, ...] = ()) -> tuple[bytes, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    subject.append(x509.NameAttribute(NameOID.COMMON_NAME, user))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), key


def signing_request(name: str, pem: bytes, signer: str, *usages: str, **spec: Any) -> dict[str, Any]:
    request = base64.b64encode(pem).decode()
    told = {"request": request, "signerName": f"kubernetes.io/{signer}", "usages": usages, **spec}
    return {"metadata": {"name": name}, "spec": told}


async def approve(admin: Any, name: str) -> None:
    request = (await admin.get(f"{REQUESTS}/{name}")).ok()
    request["status"]["conditions"] = [{"type": "Approved", "status": "True", "reason": "X", "message": "yes"}]
    (await admin.put(f"{REQUESTS}/{name}/approval", request)).ok()


async def issued(admin: Any, name: str) -> bytes:
    async def certificate() -> str:
        return str((await admin.get(f"{REQUESTS}/{name}")).ok()["status"].get("certificate", ""))

    return base64.b64decode(await until(certificate))


async def test_an_approved_request_becomes_a_certificate_that_works(cluster: Cluster, admin: Any) -> None:
    pem, key = request_of("jane", "devs")
    body = signing_request("jane", pem, "kube-apiserver-client", "client auth", expirationSeconds=3600)
    (await admin.post(REQUESTS, body)).ok(201)
    await approve(admin, "jane")
    pem = await issued(admin, "jane")
    certificate = x509.load_pem_x509_certificate(pem)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(seconds=3900)
    files = cluster.data_dir / "jane.crt", cluster.data_dir / "jane.key"
    write(files[0], pem)
    no_password = serialization.NoEncryption()
    write(files[1], key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password))
    context = ssl.create_default_context(cafile=str(cluster.data_dir / "pki" / "ca.crt"))
    context.load_cert_chain(*files)
    async with aiohttp.ClientSession() as session, session.post(cluster.server + WHO, json={}, ssl=context) as answer:
        info = (await answer.json())["status"]["userInfo"]
    assert (info["username"], info["groups"]) == ("jane", ["devs", "system:authenticated"])


def write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("user", "groups", "signer", "usages", "words"),
    [
        ("system:node:n", ("system:nodes",), "kubelet-serving", ("server auth", "digital signature"), "DNS or IP"),
        ("jane", (), "kube-apiserver-client", ("server auth",), "invalid usage for client certificate: server auth"),
        ("jane", (), "kube-apiserver-client-kubelet", ("client auth",), "subject organization is not system:nodes"),
        ("front-proxy-client", (), "kube-apiserver-client", ("client auth",), "the name front-proxy-client is"),
    ],
)
async def test_a_signer_says_what_it_will_not_sign(
    cluster: Cluster, admin: Any, user: str, groups: tuple[str, ...], signer: str, usages: tuple[str, ...], words: str
) -> None:
    pem, _ = request_of(user, *groups)
    (await admin.post(REQUESTS, signing_request("s", pem, signer, *usages))).ok(201)
    await approve(admin, "s")

    async def failure() -> Any:
        conditions = (await admin.get(f"{REQUESTS}/s")).ok()["status"]["conditions"]
        return next((each for each in conditions if each["type"] == "Failed"), None)

    failed = await until(failure)
    assert failed["reason"] == "SignerValidationFailure"
    assert failed["message"].startswith(words)
    assert "certificate" not in (await admin.get(f"{REQUESTS}/s")).ok()["status"]


async def test_a_machine_joins_with_a_token_and_renews_its_certificate_as_a_node(
    cluster: Cluster, admin: Any, connect: Any
) -> None:
    (await admin.post(SECRETS, token_secret())).ok(201)
    for role in ("system:node-bootstrapper", "system:certificates.k8s.io:certificatesigningrequests:nodeclient"):
        subject = {"kind": "Group", "name": "system:bootstrappers", "apiGroup": "rbac.authorization.k8s.io"}
        reference = {"kind": "ClusterRole", "name": role, "apiGroup": "rbac.authorization.k8s.io"}
        (await admin.post(BINDINGS, {"metadata": {"name": role}, "subjects": [subject], "roleRef": reference})).ok(201)
    pem, _ = request_of("system:node:n", "system:nodes")
    usages = ("client auth", "digital signature")
    async with connect(cluster, "", TOKEN) as machine:
        (await machine.post(REQUESTS, signing_request("n", pem, "kube-apiserver-client-kubelet", *usages))).ok(201)
        certificate = x509.load_pem_x509_certificate(await issued(machine, "n"))
        assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=365)
        [condition] = (await machine.get(f"{REQUESTS}/n")).ok()["status"]["conditions"]
        assert (condition["type"], condition["reason"]) == ("Approved", "AutoApproved")
        # Nobody approves by himself what could make anybody of him.
        pem, _ = request_of("system:node:n", "system:nodes", names=("n",))
        (await machine.post(REQUESTS, signing_request("m", pem, "kube-apiserver-client-kubelet", *usages))).ok(201)
        assert not (await machine.get(f"{REQUESTS}/m")).ok()["status"].get("conditions")
