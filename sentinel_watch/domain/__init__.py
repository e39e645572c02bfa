"""The nouns of the field: frozen values that every stage speaks in.

anomaly (a pixel off its baseline) -> detection (a region on one date) -> event (detections tracked over time) -> alert (an
event that somebody must look at). No noun reads, writes or decides anything.
"""
