"""Ratios against what somebody would use instead, measured in one run on one machine."""
