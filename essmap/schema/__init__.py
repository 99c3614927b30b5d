"""What tables look like (`tables`), what a snapshot is (`snapshot`), how texts are compared (`folding`)."""
