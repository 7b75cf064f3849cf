"""Certificates: what was proved of a basis, by checks that know nothing of how it was found."""

from projectors.certify.certificate import Certificate, Claim, certify_spaces

__all__ = ["Certificate", "Claim", "certify_spaces"]
