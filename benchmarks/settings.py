"""The product's settings, with constant answers beside its paths: what the measured server runs on."""

from invoicing.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
