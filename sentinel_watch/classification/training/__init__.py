"""How a model is made of labelled pairs: cleaning, groups, disturbed copies, fitting, calibration, scores.

Pure functions over arrays; reading the pairs and writing the model are for `models`. scikit-learn is needed here and not in a run.
"""

__all__: list[str] = []
