"""How the tables came to be, one step a version of the schema."""
