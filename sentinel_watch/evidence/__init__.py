"""What backs an alert: figures, series, hashes.

`chip_around` an event, `take_samples` of every scene on the chip, `choose_scenes` for the pictures, fill
`EvidenceInputs`, and `write_evidence` into the alert's folder; `overview_png` shows a whole run.
"""

__all__: list[str] = []
