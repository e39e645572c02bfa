"""What backs an alert: figures, series, hashes.

`chip_around` an event, `take_samples` of every scene on the chip, `choose_scenes` for the pictures, fill
`EvidenceInputs`, and `write_evidence` into the alert's folder; `overview_png` shows a whole run.

The room shows what was decided elsewhere and decides nothing. The same inputs give the same bytes, so that a hash proves
years later that nothing was changed.
"""

__all__: list[str] = []
