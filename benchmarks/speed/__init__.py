"""How fast a history is fitted and a look is taken in, against nrt on the same cube."""
