"""The dossier of one alert: what an inspector takes along and a lawyer reads, as PDF and as one HTML file.

`content` says it once, in blocks that know nothing of pages; `pdf` and `html` each set them. Every word stands in a catalogue
of `strings/`, one file a language.
"""

__all__: list[str] = []
