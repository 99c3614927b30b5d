"""Measurements: ratios against a baseline of the same run, on made-up data that says so. Never a test."""
