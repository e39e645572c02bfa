"""How long it takes to say what thousands of regions are, against regionprops."""
