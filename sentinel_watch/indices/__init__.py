"""Spectral indices."""
