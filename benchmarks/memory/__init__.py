"""How much memory a run takes, and that it does not grow with the number of dates that are watched."""
