"""Tests of how plans are told."""
