"""`python -m sentinel_watch` is the console script."""

from sentinel_watch.app.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
