"""What people start: the command line.

Reads arguments, calls the pipeline or the store, prints, and turns errors into exit codes; nothing is found or judged here.
"""
