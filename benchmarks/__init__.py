"""Measurements, as ratios against what users would use instead, in one run on one machine."""
