"""Corpora: many clips and pictures, each extracted once, and what is read off the results."""
