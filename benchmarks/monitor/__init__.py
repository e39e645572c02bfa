"""How well changes are found, and how silent it stays: our detectors and the peers on the same simulated cubes."""
