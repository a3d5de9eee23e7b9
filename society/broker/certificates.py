"""Certificates for a broker of one's own: an authority that signs once and is forgotten, and the broker's certificate."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from society.ground.errors import BrokerError

AUTHORITY = "plural-society broker authority"
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
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise BrokerError("certificates need cryptography: pip install 'plural-society[broker]'") from None
    begin = begin or datetime.now(UTC) - timedelta(hours=1)  # noqa: TID251  a certificate is about real time
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    ca = _signed(AUTHORITY, authority.public_key(), authority, begin, ())
    return Certificates(ca, _signed(names[0], key.public_key(), authority, begin, names), private)


def _signed(subject: str, public: Any, authority: Any, begin: datetime, names: Sequence[str]) -> bytes:
    """A certificate, PEM: of a server with names, or of the authority itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])

    is_authority = not names
    unused = (
        "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only",
    )  # fmt: skip
    usage = x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        **dict.fromkeys(unused, False),
    )
    made = x509.CertificateBuilder(
        issuer_name=named(AUTHORITY), subject_name=named(subject), public_key=public,
        serial_number=x509.random_serial_number(), not_valid_before=begin, not_valid_after=begin + timedelta(days=DAYS),
    )  # fmt: skip
    made = made.add_extension(x509.BasicConstraints(is_authority, 0 if is_authority else None), True)
    made = made.add_extension(usage, True).add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
    if not is_authority:
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
        made = made.add_extension(above, False)
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        made = made.add_extension(x509.SubjectAlternativeName([_named(name) for name in names]), False)
    return made.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _named(name: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
