"""Trained models on disk: a folder a version, with arrays, a card for programs and a card for people.

What is loaded is checked first: the file's hash against the card, the features against those that the program measures.
"""

from sentinel_watch.models.storage import find_model, load_model, save_model, verify_model

__all__ = ["find_model", "load_model", "save_model", "verify_model"]
