"""How fast blocks are read over HTTP, by this program and by others, and whether the pixels are the same."""
