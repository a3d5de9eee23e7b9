"""Certificates for a broker of one's own: an authority that signs once and is forgotten, and the broker's certificate."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from society.ground.errors import BrokerError

#: Days for which certificates hold.
DAYS = 825


@dataclass(frozen=True)
class Certificates:
    """PEM texts: the authority's certificate, the broker's, and the broker's private key."""

    ca: bytes
    server: bytes
    key: bytes


def certificates(names: Sequence[str], begin: datetime | None = None) -> Certificates:
    """Make an authority and let it sign one certificate; its own key is kept nowhere.

    Args:
        names: names and addresses under which the broker is reached.
        begin: when they begin to hold; now if absent.

    Raises:
        BrokerError: the library ``cryptography`` is not installed.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    except ImportError:
        raise BrokerError("certificates need cryptography: pip install 'plural-society[broker]'") from None
    begin = begin or datetime.now(UTC) - timedelta(hours=1)  # noqa: TID251  a certificate is about real time
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "plural-society broker authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])

    def certificate(subject: Any, public: Any, extensions: list[tuple[Any, bool]]) -> bytes:
        made = x509.CertificateBuilder(
            issuer_name=authority, subject_name=subject, public_key=public, serial_number=x509.random_serial_number(),
            not_valid_before=begin, not_valid_after=begin + timedelta(days=DAYS),
        )  # fmt: skip
        for extension, critical in extensions:
            made = made.add_extension(extension, critical)
        return made.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    ca = certificate(
        authority, authority_key.public_key(),
        [(x509.BasicConstraints(ca=True, path_length=0), True),
         (x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage), True),
         (x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), False)],
    )  # fmt: skip
    server = certificate(
        subject, key.public_key(),
        [(x509.BasicConstraints(ca=False, path_length=None), True),
         (x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **usage), True),
         (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False), (above, False),
         (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
         (x509.SubjectAlternativeName([_named(name) for name in names]), False)],
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Certificates(ca, server, private)


def _named(name: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
