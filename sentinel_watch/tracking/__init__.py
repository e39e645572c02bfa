"""Regions over time become events."""
