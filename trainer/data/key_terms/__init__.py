"""The key-term dictionary: build.py tells how it is made."""

from trainer.data.key_terms.build import build_key_terms as build_key_terms
