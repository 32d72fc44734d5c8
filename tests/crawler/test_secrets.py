"""The token goes to the Hub, in one header, and nowhere else; and TLS and proxies are the usual ones."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.crawler.conftest import Crawler, Ended
from tests.fakes.hub import FakeHub, Fault, make_row

StartHub = Callable[..., FakeHub]

TOKEN = "hf_PlantedSecretToken123"


def everything_written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def assert_unseen(crawler: Crawler, hub: FakeHub, ended: Ended) -> None:
    """Hold the token to have gone to the Hub in its header, and nowhere else."""
    assert {request.headers["authorization"] for request in hub.requests} == {f"Bearer {TOKEN}"}
    assert TOKEN not in ended.out + ended.err
    assert TOKEN not in repr([(one.path, one.params, one.headers.get("referer")) for one in hub.requests])
    assert TOKEN.encode() not in everything_written(crawler.home)
    assert not [path for path in crawler.home.rglob("*") if TOKEN in path.name]


@pytest.mark.parametrize("log", ["debug", "json:debug"])
def test_a_token_that_the_hub_repeats_is_sent_and_never_kept(
    crawler: Crawler, start_hub: StartHub, log: str
) -> None:
    echo = f"Authorization: Bearer {TOKEN}".encode()
    odd = [
        f"a {TOKEN}",
        make_row(id=TOKEN, likes=TOKEN),
        make_row(id=f"acme/{TOKEN}", sha=[TOKEN]),
        {TOKEN: 1},
    ]
    listed = make_row(
        id="acme/echo", tags=["gguf", TOKEN], sha=TOKEN, siblings=[{"rfilename": f"{TOKEN}.gguf"}]
    )
    faults = [
        Fault.says(500, echo), Fault.drop(), Fault.garbage(echo),
        Fault.says(429, echo, {"Retry-After": TOKEN}), Fault.rows([*odd, listed]),
    ]  # fmt: skip
    hub = start_hub(1_300, token=TOKEN, faults=faults)
    hub.source.add(make_row(id="acme/gone"))  # type: ignore[attr-defined]

    first = crawler.run(hub.url, "full", HF_TOKEN=TOKEN, HUBDEX_LOG=log)
    hub.source.delete("acme/gone")  # type: ignore[attr-defined]
    hub.script([Fault.says(404, echo, {"X-Error-Message": TOKEN}, route="model")])
    second = crawler.run(hub.url, "full", "--json", HF_TOKEN=TOKEN, HUBDEX_LOG=log)

    for ended in (first, second):
        assert ended.code == 0, ended.err
        assert_unseen(crawler, hub, ended)
        if log.startswith("json"):
            assert all(orjson.loads(line)["message"] for line in ended.err.splitlines())
            assert '"fields"' in first.err
    assert hub.faults_left == 0
    assert (second.report["unclear"], second.report["suspects"]) == (1, 2)
    with crawler.open() as catalog:
        assert len(catalog.set_aside()) == len(odd)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.redirect(f"https://elsewhere.example/{TOKEN}"),
        Fault.redirect(f"/api/{TOKEN}?token={TOKEN}"),
        Fault.says(400, TOKEN.encode()),
        Fault.says(403, b"no", {"X-Error-Message": f"Bearer {TOKEN} may not"}),
        Fault.says(418, f"Bearer {TOKEN}".encode()),
    ],
    ids=["away", "redirect", "400", "403", "418"],
)
def test_a_token_that_the_hub_repeats_is_in_no_last_words(
    crawler: Crawler, start_hub: StartHub, fault: Fault
) -> None:
    hub = start_hub(3, token=TOKEN, faults=[fault])

    ended = crawler.run(hub.url, "head", HF_TOKEN=TOKEN, HUBDEX_LOG="debug")

    assert ended.code in {1, 2}
    assert ended.err.startswith("hubdex: ")
    assert_unseen(crawler, hub, ended)


def test_a_refused_token_is_named_without_showing_it(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(1, token="hf_another")

    ended = crawler.run(hub.url, "full", HF_TOKEN=TOKEN)

    assert ended.code == 2
    assert "refused the Hugging Face token (401: Invalid credentials in Authorization header)" in ended.err
    assert TOKEN not in ended.out + ended.err


def test_hf_endpoint_is_not_where_we_crawl(crawler: Crawler, start_hub: StartHub) -> None:
    hub, ourselves = start_hub(1), start_hub(1)

    crawler.run(hub.url, "full", HF_ENDPOINT=ourselves.url)

    assert hub.requests
    assert ourselves.requests == []


def test_private_models_are_never_stored(crawler: Crawler, start_hub: StartHub) -> None:
    hub = start_hub(2, token=TOKEN, token_sees_private=True)
    hub.source.add(make_row(id="acme/secret-plan", private=True))  # type: ignore[attr-defined]

    ended = crawler.run(hub.url, "full", "--json", HF_TOKEN=TOKEN)

    assert ended.report["new"] == 2
    assert b"secret-plan" not in everything_written(crawler.home)


def test_the_usual_proxy_variable_is_obeyed(crawler: Crawler, start_hub: StartHub) -> None:
    proxy = start_hub(3)  # a request through a proxy names the whole address, and it answers that too

    ended = crawler.run("http://hub.example", "full", "--json", http_proxy=proxy.url)

    assert ended.code == 0, ended.err
    assert ended.report["new"] == 3
    assert proxy.requests[0].headers["host"] == "hub.example"


def test_only_a_trusted_certificate_is_believed(
    crawler: Crawler, start_hub: StartHub, tmp_path: Path
) -> None:
    hub = start_hub(3)
    certificate = tmp_path / "hub.pem"
    certificate.write_bytes(self_signed())
    encrypt(hub, certificate)
    address = hub.url.replace("http://", "https://")

    doubting = crawler.run(address, "full")
    trusting = crawler.run(address, "full", "--json", REQUESTS_CA_BUNDLE=str(certificate))

    assert doubting.code == 75
    assert "cannot be reached (its certificate is not trusted; SSL_CERT_FILE" in doubting.err
    assert trusting.code == 0, trusting.err
    assert trusting.report["new"] == 3
    assert hub.requests


def encrypt(hub: FakeHub, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    hub.encrypt(context)


def self_signed() -> bytes:
    """Make a certificate for 127.0.0.1 that nobody vouches for; its key comes first."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in Hub")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
