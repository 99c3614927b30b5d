"""Adapters: each module reads one source as it is published, checks its shape and says what it read.

Nothing here decides what the data mean: that is `essmap.build`.
"""
