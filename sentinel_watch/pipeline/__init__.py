"""What to do for a site, and one run of it.

Here the stages meet, which do not know each other: this room says in which order they speak, and what the store keeps in
between. The science is theirs, and what the terminal shows is for `app`.
"""
