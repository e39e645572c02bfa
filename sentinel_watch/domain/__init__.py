"""The nouns of the field: frozen values that every stage speaks in."""
