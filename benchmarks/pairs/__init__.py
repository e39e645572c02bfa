"""What a run says of two scenes: labelled pairs of mining, works and nature, and pairs on which nothing happened."""
