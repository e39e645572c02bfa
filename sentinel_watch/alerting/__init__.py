"""Which events somebody must look at, and how soon."""
