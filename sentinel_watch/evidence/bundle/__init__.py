"""The sealed bundle of one alert: everything that it rests on, in one folder that others' tools read.

A BagIt bag (RFC 8493) whose payload is an RO-Crate, with the imagery as a STAC catalogue of its own and the steps as W3C PROV.
The same alert of the same store gives the same payload, byte for byte: what the clock says stands in tag files only.
"""

__all__: list[str] = []
