"""Tests of facedrive.sources."""
