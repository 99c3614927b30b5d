"""Bring a list that somebody keeps into essmap: its headings, its values, its faults."""
