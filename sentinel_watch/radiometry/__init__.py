"""From digital numbers to reflectance."""
