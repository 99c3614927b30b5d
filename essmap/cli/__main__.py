"""``python -m essmap.cli``: the same as the command ``essmap``."""

from essmap.cli.run import main

if __name__ == "__main__":
    main()
