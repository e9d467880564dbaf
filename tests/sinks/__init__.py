"""Tests of facedrive.sinks."""
